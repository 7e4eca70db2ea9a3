//! Tests of the real binary against the simulator, over sockets. One test binary for all modules, so that it links once.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::float_cmp,
    clippy::cast_precision_loss,
    reason = "a failed unwrap fails the test, and the values of metrics are small whole numbers"
)]

mod alerts;
mod billing;
mod budget;
mod command_line;
mod dashboards;
mod discovery;
mod faults;
mod follow;
mod invalid_config;
mod lifecycle;
mod phones_command;
mod privileges;
mod prometheus;
mod restart;
mod scrape;
mod secrets;
mod shipped;
mod soak;
mod support;
mod transient;
mod webhook;
