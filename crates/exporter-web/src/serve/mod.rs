//! Accepts connections, serves them within limits, and ends them gracefully.

mod connection;
mod limiter;
mod permit;

use std::io::ErrorKind::{self, ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::limiter::ConnectionLimiter;
use super::backend::Backend;
use super::guard::Guard;
use super::listener::Listener;
use super::routes;
use super::settings::Settings;
use super::web_config::WebConfig;

/// How often deadlines are checked.
const TICK: Duration = Duration::from_secs(1);
/// The client closed the connection before it was accepted.
const GIVEN_UP: [ErrorKind; 4] = [ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted];
/// How long to wait after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// After this time without a failure, connections count as accepted again.
const RECOVERED_AFTER: Duration = Duration::from_mins(1);

/// Serves `backend` on `listeners` until `stop`. Returns when running requests are answered, or after
/// [`ConnectionLimits::end`](crate::ConnectionLimits::end).
pub async fn serve<S: Backend>(listeners: Vec<Listener>, settings: Settings, backend: Arc<S>, stop: CancellationToken) {
    let end = settings.limits.end;
    let web_config = Arc::new(settings.web_config);
    let guard = Guard::new(web_config.clone(), S::ABOUT.program);
    let acceptor = Arc::new(Acceptor {
        limiter: ConnectionLimiter::new(settings.limits),
        web_config: web_config.clone(),
        router: routes::router(&settings.telemetry_path, settings.lifecycle, backend, guard),
        graceful: GracefulShutdown::new(),
    });
    let mut tasks = JoinSet::new();
    for listener in listeners {
        info!(address = %listener.address, tls = web_config.rules().tls.is_some(), "listening");
        tasks.spawn(acceptor.clone().accept(listener));
    }
    tasks.spawn(web_config.follow());
    while timeout(TICK, stop.cancelled()).await.is_err() {
        acceptor.limiter.close_overdue();
    }
    tasks.shutdown().await;

    let Some(Acceptor { limiter, graceful, .. }) = Arc::into_inner(acceptor) else {
        return;
    };
    limiter.close_pending();
    let mut ended = pin!(graceful.shutdown());
    if timeout(end, ended.as_mut()).await.is_err() {
        warn!("cutting off requests that were still running at the end");
        limiter.close_if(|_| true);
        ended.await;
    }
}

/// What all connections need.
struct Acceptor {
    limiter: ConnectionLimiter,
    web_config: Arc<WebConfig>,
    router: Router,
    graceful: GracefulShutdown,
}

impl Acceptor {
    /// Accepts and serves connections; never returns.
    async fn accept(self: Arc<Self>, listener: Listener) {
        let Listener { socket, address } = listener;
        let mut last_failure: Option<Instant> = None;
        loop {
            let stream = match socket.accept().await {
                Ok((stream, _)) => stream,
                Err(error) if GIVEN_UP.contains(&error.kind()) => continue,
                Err(error) => {
                    if last_failure.is_none() {
                        warn!(%address, %error, "cannot accept connections; closing some that do nothing and trying again");
                    }
                    last_failure = Some(Instant::now());
                    // Most likely no file descriptor is left.
                    self.limiter.shrink();
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            if last_failure.take_if(|last| last.elapsed() >= RECOVERED_AFTER).is_some() {
                info!(%address, "accepting connections again");
            }
            // Chunks are written whole; waiting to fill a packet would only delay the last one.
            let _ = stream.set_nodelay(true);
            let permit = self.limiter.admit().await;
            let (rules, router, graceful) = (self.web_config.rules(), self.router.clone(), self.graceful.watcher());
            let close = permit.close.clone();
            let serving = connection::serve(stream, permit, rules, router, graceful);
            tokio::spawn(close.run_until_cancelled_owned(serving));
        }
    }
}
