//! The real binary against the simulator, over real sockets. One test binary, so that it links once; a module a concern.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::float_cmp,
    clippy::cast_precision_loss,
    reason = "a test that cannot go on fails, and values of metrics are small whole numbers"
)]

mod alerts;
mod billing;
mod budget;
mod command_line;
mod dashboards;
mod discovery;
mod faults;
mod follow;
mod lifecycle;
mod privileges;
mod prometheus;
mod refusals;
mod restart;
mod restless;
mod scrape;
mod secrets;
mod shipped;
mod soak;
mod support;
mod webhook;
