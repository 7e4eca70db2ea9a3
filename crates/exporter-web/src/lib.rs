//! The HTTP server of a Prometheus exporter: what any exporter needs, and nothing about what it exports.
//!
//! An exporter implements [`Backend`], flattens [`WebFlags`] into its command line, and calls [`serve()`].
//!
//! | file | owns |
//! |---|---|
//! | `settings`, `address` | the command line, and what it tells the server |
//! | `listener` | sockets, bound here or passed by systemd |
//! | `serve` | accepting connections, their limits and deadlines, the graceful end |
//! | `backend`, `routes`, `negotiate`, `page` | the responses |
//! | `web_config`, `rules`, `config` | exporter-toolkit's web configuration file: validated, in force, followed |
//! | `guard`, `auth` | rate limit and passwords |
//!
//! Invariants: a scrape reads memory only. A slow or hostile client does not keep a connection slot that another client
//! needs for longer than [`ConnectionLimits`] allows. Passwords and keys are neither logged nor shown.
//!
//! A complete exporter:
//!
//! ```no_run
#![doc = include_str!("../examples/minimal.rs")]
//! ```

mod address;
mod auth;
mod backend;
mod config;
mod guard;
mod listener;
mod negotiate;
mod page;
mod routes;
mod rules;
mod serve;
mod settings;
#[cfg(test)]
mod tests;
mod web_config;

pub use address::TelemetryPath;
pub use backend::{About, Backend, ScrapeBody};
pub use config_file::Problems;
pub use guard::Guard;
pub use listener::{Listener, bind};
pub use routes::{METHOD_NOT_ALLOWED, NOT_FOUND};
pub use serve::serve;
pub use settings::{ConnectionLimits, Settings, WebFlags};
pub use web_config::WebConfig;
