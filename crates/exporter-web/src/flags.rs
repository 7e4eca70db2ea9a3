//! The flags of the HTTP side, named after those of Prometheus' own exporters.

use std::path::PathBuf;

use clap::Args;

use super::address::{ListenAddress, TelemetryPath};
use super::listener::{Listener, bind};
use super::web_config::WebConfig;
use config_file::Problems;

/// Flags to be flattened into the command line of an exporter, which gives the argument `listen` its default port. They
/// may stand before or after a subcommand.
#[derive(Args, Clone, Debug)]
// A program that flattens these may have a group of the same name, which clap refuses.
#[group(skip)]
pub struct Flags {
    /// Address to serve on; several times for several. `:PORT` means every interface.
    #[arg(id = "listen", long = "web.listen-address", value_name = "ADDR", global = true)]
    pub listen: Vec<ListenAddress>,

    /// Serve on the socket that systemd passes instead.
    #[arg(long = "web.systemd-socket", global = true, conflicts_with = "listen")]
    pub systemd_socket: bool,

    /// Path under which the metrics are served.
    #[arg(
        long = "web.telemetry-path",
        value_name = "PATH",
        global = true,
        default_value = "/metrics"
    )]
    pub telemetry_path: TelemetryPath,

    /// TLS and users, in the format of Prometheus' exporter-toolkit.
    #[arg(long = "web.config.file", value_name = "PATH", global = true)]
    pub web_config_file: Option<PathBuf>,

    /// Allow POST /-/reload.
    #[arg(long = "web.enable-lifecycle", global = true)]
    pub lifecycle: bool,
}

impl Flags {
    /// The web configuration file, read; the default without one. All problems at once.
    pub fn web_config(&self) -> Result<WebConfig, Problems> {
        self.web_config_file
            .as_deref()
            .map_or_else(|| Ok(WebConfig::default()), WebConfig::from_file)
    }

    /// Binds the sockets: those that systemd passes, else the addresses.
    pub async fn listeners(&self) -> Result<Vec<Listener>, Problems> {
        if self.systemd_socket {
            return Listener::from_systemd();
        }
        bind(&self.listen).await
    }
}
