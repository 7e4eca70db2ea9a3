//! The listener and its connections, under enough control to reset one.

use std::future::pending;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A pause after a failed accept: out of file descriptors, another try at once would fail too.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn serve(router: Router, listener: TcpListener, stop: CancellationToken) {
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = converse(stream, router.clone());
                connections.spawn(stop.clone().run_until_cancelled_owned(connection));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
    connections.close();
    connections.wait().await;
}

/// Serves one connection until either side, or a fault, ends it.
async fn converse(stream: TcpStream, router: Router) {
    // Answers are small; waiting to fill a packet would only add to the latency a client measures.
    let _ = stream.set_nodelay(true);
    let fate = Fate::default();
    let wire = Wire {
        stream,
        fate: fate.clone(),
    };
    let service = TowerToHyperService::new(router.layer(Extension(fate.clone())));
    let builder = auto::Builder::new(TokioExecutor::new());
    let connection = builder.serve_connection(TokioIo::new(wire), service);
    // Dropping the connection drops its wire, which closes it as its fate says.
    tokio::select! {
        _ = connection => {}
        () = fate.over.cancelled() => {}
    }
}

/// How a connection ends before its time. Every request on it carries one.
#[derive(Clone, Debug, Default)]
pub(super) struct Fate {
    over: CancellationToken,
    by_reset: Arc<AtomicBool>,
}

impl Fate {
    /// Ends the connection with a TCP reset; nothing more is answered on it.
    pub(super) async fn reset(&self) {
        self.by_reset.store(true, Ordering::Relaxed);
        self.close().await;
    }

    /// Ends the connection in good order; nothing more is answered on it.
    pub(super) async fn close(&self) {
        self.over.cancel();
        pending::<()>().await;
    }
}

/// A TCP connection that resets itself on drop if that is its fate.
struct Wire {
    stream: TcpStream,
    fate: Fate,
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.fate.by_reset.load(Ordering::Relaxed) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
