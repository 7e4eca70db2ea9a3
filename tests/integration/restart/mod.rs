//! Restarts with `state.path`: what a process saves, and what the next process loads.

mod calls;
mod folder;
mod killed;
mod saved_state;

use nix::sys::signal::Signal;

use crate::support::{Exporter, Launch, Output, Upstream, assert_no_secret};

/// A configuration of the whole fleet, with the folder `state` for the state. `account` has further keys of the account.
fn config(upstream: &Upstream, account: &str) -> String {
    format!("{}state: {{path: state}}\n", upstream.config(account))
}

/// The content of the state file, if it exists.
fn state(exporter: &Exporter) -> Option<String> {
    let text = std::fs::read_to_string(exporter.dir.path().join("state/state.json")).ok()?;
    assert_no_secret(&text, "the state file");
    Some(text)
}

/// Ends the exporter, and prepares its next start.
async fn end(exporter: Exporter, signal: Signal) -> (Launch, Output) {
    let dir = exporter.dir.clone();
    let output = exporter.end(signal).await;
    if signal == Signal::SIGTERM {
        assert_eq!(output.status.code(), Some(0), "{}", output.text);
    }
    (Launch::again(dir), output)
}
