//! The listener and its connections. A fault can close or reset a connection.

use std::future::pending;
use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The pause after a failed accept. Without file descriptors, the next attempt would fail too.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `listener` until the future is dropped. That drops the open connections too.
pub(crate) async fn serve(router: Router, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(connections.spawn(serve_connection(stream, router.clone()))),
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Serves one connection until the client or a fault ends it.
async fn serve_connection(stream: TcpStream, router: Router) -> io::Result<()> {
    // Answers are small. Waiting for more data to fill a packet would only add to the latency that a client measures.
    stream.set_nodelay(true)?;
    let handle = ConnectionHandle(Arc::new(stream.as_fd().try_clone_to_owned()?));
    let service = TowerToHyperService::new(router.layer(Extension(handle)));
    let builder = auto::Builder::new(TokioExecutor::new());
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
    Ok(())
}

/// Lets the handler of a request end its connection. Every request over a socket carries one.
///
/// hyper owns the stream, so the handle is a second descriptor of the same socket.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionHandle(Arc<OwnedFd>);

impl ConnectionHandle {
    /// Ends the connection without an answer: with a TCP reset, or in good order.
    pub(crate) async fn end(&self, is_reset: bool) {
        let socket = SockRef::from(&*self.0);
        if is_reset {
            // Without time to linger, closing the socket resets the connection.
            let _ = socket.set_linger(Some(Duration::ZERO));
        }
        // hyper reads the end of the stream, and drops the request and the connection.
        let _ = socket.shutdown(Shutdown::Read);
        pending::<()>().await;
    }
}
