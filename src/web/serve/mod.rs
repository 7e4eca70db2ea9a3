//! The loop that takes connections in, keeps their number and their time bounded, and ends them gracefully.

mod accept;
mod activity;
mod connection;
mod crowd;
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
use self::crowd::Crowd;
pub use self::limits::Limits;
use super::protection::Protection;
use super::{Listener, Settings, Site, routes};

/// How often overdue connections are looked for and files are compared with what was read.
const TICK: Duration = Duration::from_secs(1);

/// Serves `site` on `listeners` until `stop`; returns when the requests under way are answered, or after
/// [`Limits::end`].
pub async fn serve<S: Site>(listeners: Vec<Listener>, settings: Settings, site: Arc<S>, stop: CancellationToken) {
    let Settings {
        telemetry_path,
        lifecycle,
        protection,
        limits,
    } = settings;
    let protection = Arc::new(protection);
    let router = routes::router(&telemetry_path, lifecycle, site, protection.clone());
    let crowd = Crowd::new(limits);

    let tasks = TaskTracker::new();
    for listener in listeners {
        info!(address = %listener.address(), tls = protection.rules().tls.is_some(), "listening");
        let door = Door {
            listener,
            crowd: crowd.clone(),
            protection: protection.clone(),
            router: router.clone(),
            stop: stop.clone(),
        };
        tasks.spawn(door.keep(tasks.clone()));
    }
    drop(router);
    tasks.close();

    // Apart from the sweep: files may lie on a disk that does not answer.
    let following = tokio::spawn(follow(protection));
    let mut tick = every(TICK);
    loop {
        tokio::select! {
            _ = tick.tick() => crowd.sweep(),
            () = stop.cancelled() => break,
        }
    }

    following.abort();
    crowd.dismiss();
    if timeout(limits.end, tasks.wait()).await.is_err() {
        warn!("some requests were still under way at the end and were cut off");
        crowd.close_all();
        tasks.wait().await;
    }
}

/// Keeps the rules as the files have them.
async fn follow(protection: Arc<Protection>) {
    let mut tick = every(TICK);
    while protection.has_files() {
        tick.tick().await;
        let protection = protection.clone();
        let _ = tokio::task::spawn_blocking(move || protection.follow()).await;
    }
}

fn every(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// One listener and what its connections need.
struct Door {
    listener: Listener,
    crowd: Arc<Crowd>,
    protection: Arc<Protection>,
    router: Router,
    stop: CancellationToken,
}

impl Door {
    /// Lets connections in until the end.
    async fn keep(self, tasks: TaskTracker) {
        let mut trouble = Trouble::default();
        loop {
            let (stream, place) = tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                entered = accept::next(&self.listener, &self.crowd, &mut trouble) => entered,
            };
            let rules = self.protection.rules();
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
