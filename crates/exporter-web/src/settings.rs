//! The command line, and what it tells the server.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use config_file::Problems;

use super::address::{DEFAULT_PATH, TelemetryPath, listen_address};
use super::listener::{Listener, bind};
use super::web_config::WebConfig;

/// Flags to flatten into the command line of an exporter, before or after a subcommand. The exporter gives the argument
/// `listen` its default port.
#[derive(Args, Clone, Debug)]
// A program may have a group of the same name, which clap refuses.
#[group(skip)]
pub struct WebFlags {
    /// Address to serve on; may be given several times. `:PORT` means every interface.
    #[arg(id = "listen", long = "web.listen-address", value_name = "ADDR", global = true, value_parser = listen_address)]
    pub listen: Vec<String>,

    /// Serve on the socket that systemd passes instead.
    #[arg(long = "web.systemd-socket", global = true, conflicts_with = "listen")]
    pub systemd_socket: bool,

    /// Path under which the metrics are served.
    #[arg(long = "web.telemetry-path", value_name = "PATH", global = true, default_value = DEFAULT_PATH)]
    pub telemetry_path: TelemetryPath,

    /// TLS and users, in the format of Prometheus' exporter-toolkit.
    #[arg(long = "web.config.file", value_name = "PATH", global = true)]
    pub web_config_file: Option<PathBuf>,

    /// Allow POST /-/reload.
    #[arg(long = "web.enable-lifecycle", global = true)]
    pub lifecycle: bool,
}

impl WebFlags {
    /// The settings, with the web configuration file read. All problems of the file at once.
    pub fn settings(&self) -> Result<Settings, Problems> {
        let web_config = self.web_config_file.as_deref().map(WebConfig::from_file).transpose()?;
        Ok(Settings {
            telemetry_path: self.telemetry_path.clone(),
            lifecycle: self.lifecycle,
            web_config: web_config.unwrap_or_default(),
            limits: ConnectionLimits::default(),
        })
    }

    /// Binds the sockets: those that systemd passes, or the addresses.
    pub async fn listeners(&self) -> Result<Vec<Listener>, Problems> {
        if self.systemd_socket {
            return Listener::from_systemd();
        }
        bind(&self.listen).await
    }
}

/// How the server serves.
#[derive(Default)]
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
