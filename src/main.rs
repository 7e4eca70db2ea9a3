//! Arguments to outcome to exit code, nothing else.

use std::process::ExitCode;

use clap::Parser;
use geelark_exporter::{app, cli::Cli};

#[tokio::main]
async fn main() -> ExitCode {
    match app::run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            error.exit_code()
        }
    }
}
