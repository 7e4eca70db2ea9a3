//! Faults between the exporter and GeeLark: one test for each row of the fault matrix in `docs/faults.md`.
//!
//! Every row says four things: what is shown, what is counted, who is spared, and that it heals by itself once the fault
//! is gone. Meanwhile scrapes are quick and memory stays where it was.

mod answers;
mod bodies;
mod codes;
mod descriptors;
mod http;
mod matrix;
mod network;
mod scene;
mod tls;

use scene::Scene;
