//! The composition root: builds the parts from a valid configuration and runs them until told to stop.
//!
//! Nothing imports this room. It is the only one that knows all the others.

mod check;
mod demo;
mod exporter;
mod healthcheck;
mod metrics;
mod phones;
mod plan;
mod reload;
mod state_saver;
mod stop;
mod watch;
mod webhook;

use std::process::ExitCode;

use crate::cli::{Cli, Command};
use crate::config::{self, Sources};
use crate::logging;
use exporter::Prepared;
pub use metrics::definitions;

/// Why the program ended other than by being told to. Displays as the sentences the user reads.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each wraps a room's own error, which says what it is")]
pub enum Error {
    #[error(transparent)]
    Config(#[from] config::Problems),
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    WebConfig(exporter_web::Problems),
    #[error(transparent)]
    Setup(#[from] geelark_client::SetupError),
    #[error(transparent)]
    Simulator(#[from] geelark_simulator::Problem),
    #[error("{0}")]
    Run(String),
}

impl Error {
    /// 2 for what the user has to correct before a start, 1 for what happened while running.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) | Self::Usage(_) | Self::WebConfig(_) | Self::Simulator(_) => ExitCode::from(2),
            Self::Setup(_) | Self::Run(_) => ExitCode::FAILURE,
        }
    }
}

/// Does what the command line asks for.
pub async fn run(cli: Cli) -> Result<(), Error> {
    let Cli { command, flags } = cli;
    logging::init(flags.log_level, flags.log_format);
    match command {
        None => {
            let stop = stop::on_signal()?;
            let sources = Sources::from_process(flags.config_file.clone());
            Prepared::new(sources, flags).await?.run(stop).await
        }
        Some(Command::Check { online }) => check::run(&Sources::from_process(flags.config_file), online).await,
        Some(Command::Phones { account, format }) => {
            phones::run(&Sources::from_process(flags.config_file), account.as_deref(), format).await
        }
        Some(Command::Demo { simulator }) => demo::run(simulator, flags).await,
        Some(Command::Simulate {
            listen,
            write_config,
            simulator,
        }) => demo::simulate(simulator, listen, write_config.as_deref()).await,
        Some(Command::Healthcheck { url, insecure }) => healthcheck::run(&url, insecure).await,
    }
}
