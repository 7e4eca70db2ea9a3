//! SIGTERM and SIGINT end the process gracefully.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::error::Error;

/// A token that is cancelled by the first SIGTERM or SIGINT.
///
/// Must be called before anything is started, so that no early signal is lost.
pub(super) fn stop_token() -> Result<CancellationToken, Error> {
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        let signal = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        info!(signal, "ending");
        token.cancel();
    });
    Ok(stop)
}

pub(super) fn listen(kind: SignalKind) -> Result<Signal, Error> {
    signal(kind).map_err(|error| Error::Run(format!("cannot listen for signals: {error}")))
}
