//! Flags and subcommands, named after those of Prometheus' own exporters.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tracing::Level;
use url::Url;

use crate::logging::Format;

/// The port is free in Prometheus' list of default port allocations at the time of writing.
const DEFAULT_ADDRESS: &str = ":9943";

/// Prometheus exporter for fleets of GeeLark cloud phones.
///
/// Asks GeeLark about every configured phone on a schedule and serves what it learnt on /metrics. Without a subcommand it
/// runs until SIGINT or SIGTERM. Exit codes: 0 done, 1 run-time failure, 2 configuration or usage.
#[derive(Debug, Parser)]
#[command(name = "geelark_exporter", version = VERSION, max_term_width = 110)]
pub struct Cli {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Flags that every subcommand understands.
    #[command(flatten)]
    pub flags: Flags,
}

/// `--version` tells what a bug report needs.
const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (revision ",
    env!("GEELARK_REVISION"),
    ", rustc ",
    env!("GEELARK_RUSTC"),
    ")"
);

/// Flags of the exporter itself. They may stand before or after a subcommand.
#[derive(Args, Clone, Debug)]
#[command(mut_arg("listen", |arg| arg.default_value(DEFAULT_ADDRESS)))]
pub struct Flags {
    /// Configuration file (YAML). Without one, the environment alone describes one account.
    #[arg(long = "config.file", value_name = "PATH", global = true)]
    pub config_file: Option<PathBuf>,

    /// The flags of the HTTP side.
    #[command(flatten)]
    pub web: exporter_web::WebFlags,

    /// Least severe messages to log: error, warn, info, debug or trace.
    #[arg(long = "log.level", value_name = "LEVEL", global = true, default_value = "info")]
    pub log_level: Level,

    /// How to write the log.
    #[arg(long = "log.format", value_name = "FORMAT", global = true)]
    #[arg(value_enum, default_value = "logfmt")]
    pub log_format: Format,
}

/// What to do instead of serving.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Is the configuration right? Prints what will be watched, calls a minute and the effective interval.
    Check {
        /// Also make one real call for each account and say what GeeLark answered.
        #[arg(long)]
        online: bool,
    },
    /// Which phones are there? Lists what discovery finds with each account's filters, or every phone. A configuration
    /// without phones is enough. The calls come on top of those of an exporter that runs beside it.
    Phones {
        /// Only this account.
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
        /// How to write the list.
        #[arg(long, value_name = "FORMAT", value_enum, default_value = "table")]
        format: ListFormat,
    },
    /// Run the exporter with a simulated fleet, to try it without an account.
    Demo {
        /// The simulated fleet.
        #[command(flatten)]
        simulator: geelark_simulator::Options,
    },
    /// Run only the simulator of GeeLark, to try a configuration and alerts without a fleet.
    Simulate {
        /// Where the simulator listens. Its control endpoints need no credentials: keep it on loopback.
        // Arguments share one space of ids, and the exporter's own addresses are `listen` in it.
        #[arg(id = "simulator_listen", long = "listen-address", value_name = "ADDR")]
        #[arg(default_value = "127.0.0.1:9944")]
        listen: SocketAddr,
        /// Write a configuration for the exporter that watches the simulated fleet to this file.
        #[arg(long = "write-config", value_name = "PATH")]
        write_config: Option<PathBuf>,
        /// The simulated fleet.
        #[command(flatten)]
        simulator: geelark_simulator::Options,
    },
    /// For container health checks: exit code 0 if the exporter answers.
    Healthcheck {
        /// What to ask.
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9943/-/healthy")]
        url: Url,
        /// Accept any certificate: the exporter's own rarely names 127.0.0.1.
        #[arg(long = "tls.insecure-skip-verify")]
        insecure: bool,
    },
}

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// Aligned columns, for people.
    Table,
    /// An array of objects, for programs.
    Json,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_subcommand_takes_the_flags_of_the_exporter_beside_its_own() {
        for subcommand in ["check", "demo", "simulate", "healthcheck"] {
            let line = ["geelark_exporter", subcommand, "--web.listen-address=:9999"];
            assert_eq!(Cli::parse_from(line).flags.web.listen, [":9999"]);
        }
    }

    #[test]
    fn flags_may_stand_on_either_side_of_a_subcommand() {
        for args in [
            ["x", "--config.file", "a.yml", "check"],
            ["x", "check", "--config.file", "a.yml"],
        ] {
            let cli = Cli::try_parse_from(args).unwrap();
            assert_eq!(cli.flags.config_file, Some(PathBuf::from("a.yml")));
        }
    }
}
