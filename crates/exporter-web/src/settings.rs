//! How the web serves.

use super::address::TelemetryPath;
use super::serve::Limits;
use super::web_config::WebConfig;

/// How the web serves.
#[derive(Debug, Default)]
pub struct Settings {
    /// What the exporter is called.
    pub about: About,
    /// `--web.telemetry-path`
    pub telemetry_path: TelemetryPath,
    /// `--web.enable-lifecycle`: whether `POST /-/reload` is allowed.
    pub lifecycle: bool,
    /// `--web.config.file`, read.
    pub web_config: WebConfig,
    /// Bounds on clients.
    pub limits: Limits,
}

/// What the exporter is called on its page and in its password prompt.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The program, for example `node_exporter`.
    pub program: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The title of the page.
    pub title: &'static str,
    /// One sentence about what it exports.
    pub description: &'static str,
    /// When it is ready, for example `every account was polled`.
    pub ready_when: &'static str,
}

impl Default for About {
    fn default() -> Self {
        Self {
            program: "exporter",
            version: env!("CARGO_PKG_VERSION"),
            title: "Exporter",
            description: "Exports metrics for Prometheus.",
            ready_when: "the first metrics are there",
        }
    }
}
