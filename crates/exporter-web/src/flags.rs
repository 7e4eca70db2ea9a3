//! The flags of the HTTP side, named after those of Prometheus' own exporters.

use std::path::PathBuf;

use clap::Args;

use super::address::{ListenAddress, TelemetryPath};
use super::listener::{Listener, bind};
use super::settings::{ConnectionLimits, Settings};
use super::web_config::WebConfig;
use config_file::Problems;

/// Flags to flatten into the command line of an exporter, before or after a subcommand. The exporter gives the argument
/// `listen` its default port.
#[derive(Args, Clone, Debug)]
// A program may have a group of the same name, which clap refuses.
#[group(skip)]
pub struct WebFlags {
    /// Address to serve on; may be given several times. `:PORT` means every interface.
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
