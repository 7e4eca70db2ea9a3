//! With `state.path`: what one process leaves to the next, whichever way it ended.

mod folder;
mod killed;
mod memory;
mod spending;

use nix::sys::signal::Signal;

use crate::support::{Exporter, Launch, Output, Upstream, assert_no_secret};

/// A configuration of the whole fleet with a folder for the state beside it. `account` continues the account.
fn config(upstream: &Upstream, account: &str) -> String {
    format!("{}state: {{path: state}}\n", upstream.config(account))
}

/// What is in the state file, if there is one.
fn state(exporter: &Exporter) -> Option<String> {
    let text = std::fs::read_to_string(exporter.dir.path().join("state/state.json")).ok()?;
    assert_no_secret(&text, "the state file");
    Some(text)
}

/// Ends it, and prepares to start it again.
async fn end(exporter: Exporter, signal: Signal) -> (Launch, Output) {
    let dir = exporter.dir.clone();
    let output = exporter.end(signal).await;
    if signal == Signal::SIGTERM {
        assert_eq!(output.status.code(), Some(0), "{}", output.text);
    }
    (Launch::again(dir), output)
}
