//! The listener and its connections, each of which a fault can close or reset.

use std::future::pending;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The pause after a failed accept. Without file descriptors, the next attempt would fail too.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `listener` until `stop` is cancelled, then drops the open connections.
pub(crate) async fn serve(router: Router, listener: TcpListener, stop: CancellationToken) {
    let connections = TaskTracker::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        if let Ok((stream, _)) = accepted {
            let connection = serve_connection(stream, router.clone());
            connections.spawn(stop.clone().run_until_cancelled_owned(connection));
        } else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
        }
    }
    connections.close();
    connections.wait().await;
}

/// Serves one connection until the client or a fault ends it.
async fn serve_connection(stream: TcpStream, router: Router) -> io::Result<()> {
    // Answers are small; waiting for more data to fill a packet would only add to the latency that a client measures.
    stream.set_nodelay(true)?;
    // hyper owns the stream; a second descriptor of the same socket can still choose how the socket closes.
    let socket = std::net::TcpStream::from(stream.as_fd().try_clone_to_owned()?);
    let handle = ConnectionHandle::default();
    let service = TowerToHyperService::new(router.layer(Extension(handle.clone())));
    let builder = auto::Builder::new(TokioExecutor::new());
    tokio::select! {
        _ = builder.serve_connection(TokioIo::new(stream), service) => Ok(()),
        () = handle.closed.cancelled() => Ok(()),
        () = handle.reset.cancelled() => TcpStream::from_std(socket)?.set_zero_linger(),
    }
}

/// Lets the handler of a request end its connection. Every request carries one.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectionHandle {
    closed: CancellationToken,
    reset: CancellationToken,
}

impl ConnectionHandle {
    /// Ends the connection with a TCP reset. It sends no answer.
    pub(crate) async fn reset(&self) {
        self.reset.cancel();
        pending::<()>().await;
    }

    /// Closes the connection in good order. It sends no answer.
    pub(crate) async fn close(&self) {
        self.closed.cancel();
        pending::<()>().await;
    }
}
