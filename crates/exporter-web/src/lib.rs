//! The HTTP side of a Prometheus exporter: what any exporter needs, and nothing about what it exports.
//!
//! An exporter implements [`Backend`], flattens [`Flags`] into its command line, and calls [`serve()`].
//!
//! | file | owns |
//! |---|---|
//! | `flags` | the command line |
//! | `address`, `listener` | where to listen; sockets are bound before anything starts; sockets of systemd |
//! | `serve` | connections: how many, how long, how they end |
//! | `routes`, `page`, `negotiate`, `body` | what is answered at which path, in which encoding |
//! | `rules`, `web_config`, `guard` | TLS, users and headers in force, followed as their files change; who may pass |
//! | `auth` | passwords, checked at a bounded cost |
//! | `config` | exporter-toolkit's web configuration file, validated |
//!
//! Invariants: a scrape reads memory only; no client, however slow or hostile, keeps a connection that another needs for
//! longer than [`Limits`] allows; no password or key is logged or shown.

mod address;
mod auth;
mod backend;
mod body;
mod config;
mod flags;
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

pub use address::{ListenAddress, TelemetryPath};
pub use backend::Backend;
pub use body::ScrapeBody;
pub use config_file::Problems;
pub use flags::Flags;
pub use guard::Guard;
pub use listener::{Listener, bind};
pub use routes::{announced_length, method_not_allowed, not_found};
pub use serve::{Limits, serve};
pub use settings::{About, Settings};
pub use web_config::WebConfig;
