//! The composition root: builds the parts from a valid configuration and runs them until told to stop.
//!
//! | file | |
//! |---|---|
//! | `exporter` | the daemon: prepare, serve, stop |
//! | `supervisor` | holds the running accounts and applies configurations |
//! | `running_account` | one account with its tasks |
//! | `carry_over` | what all accounts share, and what an account keeps over a reload and a restart |
//! | `state_saver` | reads and writes the state file |
//! | `metrics` | every part's metrics, and the exporter's own |
//! | `commands` | check, demo, simulate, phones, healthcheck |
//!
//! Nothing imports this room. It is the only one that reads the configuration and knows all the others.

mod carry_over;
mod commands;
mod error;
mod exporter;
pub(crate) mod metrics;
mod running_account;
mod signals;
mod state_saver;
mod supervisor;

pub use error::Error;

use crate::cli::{Cli, Command};
use crate::config::Sources;
use crate::exposition::MetricsStore;
use crate::logging;
use crate::metrics::Definition;
use commands::{check, demo, healthcheck, phones};

/// Every metric of the exporter, for tests of documents, rules and dashboards.
pub fn definitions() -> Vec<Definition> {
    MetricsStore::new(metrics::registry()).definitions()
}

/// Does what the command line asks for.
pub async fn run(cli: Cli) -> Result<(), Error> {
    let Cli { command, flags } = cli;
    logging::init(flags.log_level, flags.log_format);
    let sources = || Sources::from_process(flags.config_file.clone());
    match command {
        None => {
            let stop = signals::stop_token()?;
            exporter::run(sources(), flags, stop, |_| {}).await
        }
        Some(Command::Check { online }) => check::run(&sources(), online).await,
        Some(Command::Phones { account, format }) => phones::run(&sources(), account.as_deref(), format).await,
        Some(Command::Demo { simulator }) => demo::run(simulator, flags).await,
        Some(Command::Simulate {
            listen,
            write_config,
            simulator,
        }) => demo::simulate(simulator, listen, write_config.as_deref()).await,
        Some(Command::Healthcheck { url, insecure }) => healthcheck::run(&url, insecure).await,
    }
}
