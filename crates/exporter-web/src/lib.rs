//! HTTP: what the exporter knows, served to Prometheus, browsers and health checks, never fetched for them.
//!
//! | file | owns |
//! |---|---|
//! | `address`, `listener` | where to listen; sockets are bound before anything starts |
//! | `serve` | connections: how many, how long, how they end |
//! | `routes`, `page`, `negotiate`, `body` | what is answered at which path, in which encoding |
//! | `webhook` | the one path that GeeLark calls: what is read of a request, and what is not |
//! | `web_config` | TLS, users and headers in force, followed as their files change |
//! | `auth` | passwords, checked without letting anyone spend our processor |
//! | `config` | exporter-toolkit's web configuration file, to rules that cannot be wrong |
//!
//! Always true: a scrape reads memory only; no client, however slow or hostile, holds a place another needs for longer
//! than [`Limits`] says; no password or key is logged or shown.

mod address;
mod auth;
mod body;
mod config;
mod listener;
mod negotiate;
mod page;
mod problem;
mod routes;
mod serve;
#[cfg(test)]
mod tests;
mod web_config;
mod webhook;

use std::future::Future;
use std::sync::Arc;

pub use address::{ListenAddress, TelemetryPath};
pub use body::ScrapeBody;
pub use listener::{Listener, bind};
pub use problem::Problems;
pub use serve::{Limits, serve};
pub use web_config::WebConfig;
pub use webhook::Webhook;

/// What the web shows of the exporter.
pub trait Backend: Send + Sync + 'static {
    /// The metrics as they stand, compressed or not. Called for `HEAD` too; the chunks are then not asked for.
    fn scrape(&self, gzip: bool) -> ScrapeBody;

    /// `Err` with a sentence while there is something to wait for.
    fn ready(&self) -> Result<(), String>;

    /// Who takes the webhooks of `account`; `None` where they are off. Asked for every request, so it must be quick.
    fn webhook(&self, account: &str) -> Option<Arc<dyn Webhook>> {
        let _ = account;
        None
    }

    /// Reads the configuration again; `Err` with the sentences, and nothing changed. Calls may overlap.
    fn reload(&self) -> impl Future<Output = Result<(), String>> + Send;
}

/// How the web is to serve.
#[derive(Debug, Default)]
pub struct Settings {
    /// `--web.telemetry-path`
    pub telemetry_path: TelemetryPath,
    /// `--web.enable-lifecycle`: whether `POST /-/reload` does anything.
    pub lifecycle: bool,
    /// `--web.config.file`, read.
    pub web_config: WebConfig,
    /// Bounds on strangers.
    pub limits: Limits,
}
