//! Faults between the exporter and GeeLark: one test for each row of the fault matrix in `docs/faults.md`.
//!
//! Each test checks what the metrics show, which reason is counted, that other batches and accounts are unaffected, and
//! that the exporter recovers when the fault ends. During the fault, scrapes stay quick and memory does not grow.

mod bodies;
mod codes;
mod descriptors;
mod fixture;
mod http;
mod matrix;
mod network;
mod responses;
mod tls;

use fixture::Fixture;
