//! What the server is told at its start.

use std::time::Duration;

use super::address::TelemetryPath;
use super::web_config::WebConfig;

/// How the server serves.
#[derive(Debug, Default)]
pub struct Settings {
    /// `--web.telemetry-path`
    pub telemetry_path: TelemetryPath,
    /// `--web.enable-lifecycle`: whether `POST /-/reload` is allowed.
    pub lifecycle: bool,
    /// `--web.config.file`, read.
    pub web_config: WebConfig,
    /// Bounds on clients.
    pub limits: ConnectionLimits,
}

/// What the exporter is called on its landing page and in its password prompt.
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

/// How many connections clients may have, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Open connections. A few Prometheus servers, browsers and health checks need a dozen; 512 leaves room for many more
    /// and stays below the usual 1,024 file descriptors.
    pub connections: usize,
    /// From the first byte of a connection (TLS handshake included) or of a request to the end of the request's head.
    /// Prometheus sends its head at once; 10 s suffices on a bad line.
    pub head: Duration,
    /// Between two requests of a connection. Longer than usual scrape intervals, so that Prometheus keeps its connection.
    pub idle: Duration,
    /// From the end of a request's head to the last byte of its response. Prometheus' scrape timeout is rarely above 30 s.
    pub response: Duration,
    /// A response without progress for this long may be cut off when another connection needs the slot.
    pub stall: Duration,
    /// For running requests when the server stops. Kubernetes and systemd wait longer before they kill.
    pub end: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 512,
            head: Duration::from_secs(10),
            idle: Duration::from_mins(3),
            response: Duration::from_mins(1),
            stall: Duration::from_secs(5),
            end: Duration::from_secs(4),
        }
    }
}
