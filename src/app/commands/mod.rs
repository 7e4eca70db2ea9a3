//! What the subcommands do.

use std::sync::Arc;

use super::error::Error;
use crate::config::AccountConfig;
use geelark_client::clock::Clock;
use geelark_client::{Budget, Client, HttpTransport, SetupError};

pub(super) mod check;
pub(super) mod demo;
pub(super) mod healthcheck;
pub(super) mod phones;

/// A client for calls without polling.
fn client(account: &AccountConfig) -> Result<Client<HttpTransport>, SetupError> {
    let transport = HttpTransport::new(&account.base_url, account.poll.timeout)?;
    let budget = Arc::new(Budget::new(account.budget));
    Ok(Client::new(
        transport,
        account.credentials.clone(),
        budget,
        Arc::default(),
        Clock::system(),
    ))
}

/// Fails with the problems of accounts, if there are any.
fn finish(problems: &[String]) -> Result<(), Error> {
    if problems.is_empty() {
        return Ok(());
    }
    Err(Error::Run(problems.join("\n")))
}
