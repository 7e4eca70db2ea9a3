//! The loop that takes connections in, keeps their number and their time bounded, and ends them gracefully.

mod accept;
mod activity;
mod connection;
mod limiter;
mod limits;
mod watched;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use self::accept::Trouble;
use self::limiter::ConnectionLimiter;
pub use self::limits::Limits;
use super::backend::Backend;
use super::guard::Guard;
use super::listener::Listener;
use super::routes;
use super::settings::Settings;
use super::web_config::WebConfig;

/// How often overdue connections are looked for and files are compared with what was read.
const TICK: Duration = Duration::from_secs(1);

/// Serves `backend` on `listeners` until `stop`; returns when the requests under way are answered, or after
/// [`Limits::end`].
pub async fn serve<S: Backend>(listeners: Vec<Listener>, settings: Settings, backend: Arc<S>, stop: CancellationToken) {
    let Settings {
        about,
        telemetry_path,
        lifecycle,
        web_config,
        limits,
    } = settings;
    let web_config = Arc::new(web_config);
    let guard = Guard::new(web_config.clone(), about.program);
    let router = routes::router(about, &telemetry_path, lifecycle, backend, guard);
    let limiter = ConnectionLimiter::new(limits);

    let tasks = TaskTracker::new();
    for listener in listeners {
        info!(address = %listener.address(), tls = web_config.rules().tls.is_some(), "listening");
        let door = Acceptor {
            listener,
            limiter: limiter.clone(),
            web_config: web_config.clone(),
            router: router.clone(),
            stop: stop.clone(),
        };
        tasks.spawn(door.keep(tasks.clone()));
    }
    drop(router);
    tasks.close();

    // Apart from the sweep: files may lie on a disk that does not answer.
    let following = tokio::spawn(follow(web_config));
    let mut tick = every(TICK);
    loop {
        tokio::select! {
            _ = tick.tick() => limiter.sweep(),
            () = stop.cancelled() => break,
        }
    }

    following.abort();
    limiter.close_pending();
    if timeout(limits.end, tasks.wait()).await.is_err() {
        warn!("some requests were still under way at the end and were cut off");
        limiter.close_all();
        tasks.wait().await;
    }
}

/// Keeps the rules as the files have them.
async fn follow(web_config: Arc<WebConfig>) {
    let mut tick = every(TICK);
    while web_config.has_files() {
        tick.tick().await;
        let web_config = web_config.clone();
        let _ = tokio::task::spawn_blocking(move || web_config.follow()).await;
    }
}

fn every(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// One listener and what its connections need.
struct Acceptor {
    listener: Listener,
    limiter: Arc<ConnectionLimiter>,
    web_config: Arc<WebConfig>,
    router: Router,
    stop: CancellationToken,
}

impl Acceptor {
    /// Lets connections in until the end.
    async fn keep(self, tasks: TaskTracker) {
        let mut trouble = Trouble::default();
        loop {
            let (stream, place) = tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                entered = accept::next(&self.listener, &self.limiter, &mut trouble) => entered,
            };
            let rules = self.web_config.rules();
            tasks.spawn(connection::run(
                stream,
                place,
                rules,
                self.router.clone(),
                self.stop.clone(),
            ));
        }
    }
}
