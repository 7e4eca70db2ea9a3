//! An HTTP server for a test: a router on a free port.

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A server in this process, which ends when dropped.
pub(crate) struct Listener {
    /// `http://127.0.0.1:port`
    pub(crate) url: String,
    _stop: DropGuard,
}

impl Listener {
    pub(crate) async fn start(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(stopped).await });
        Self {
            url,
            _stop: stop.drop_guard(),
        }
    }
}
