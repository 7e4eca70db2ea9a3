//! Why the program ended other than by being told to.

use std::process::ExitCode;

use crate::config;

/// Displays as the sentences that the user reads.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each wraps a part's own error, which says what it is")]
pub enum Error {
    #[error(transparent)]
    Config(#[from] config::Problems),
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Setup(#[from] geelark_client::SetupError),
    #[error("{0}")]
    Run(String),
}

impl Error {
    /// 2 for what the user has to correct before a start, 1 for a failure at run time.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) | Self::Usage(_) => ExitCode::from(2),
            Self::Setup(_) | Self::Run(_) => ExitCode::FAILURE,
        }
    }
}
