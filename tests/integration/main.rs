//! The real binary against the simulator, over real sockets. One test binary, so that it links once; a module a concern.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on is to say where it stood"
)]

mod alerts;
mod budget;
mod command_line;
mod dashboards;
mod follow;
mod lifecycle;
mod prometheus;
mod scrape;
mod secrets;
mod shipped;
mod support;
