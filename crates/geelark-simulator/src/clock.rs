//! The time, passed in so that tests can pause it.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// One moment on both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The monotonic clock. It stands still while tokio's clock is paused.
    pub(crate) mono: Instant,
    /// The wall clock, in milliseconds since the Unix epoch.
    pub(crate) unix_millis: i64,
}

impl Moment {
    /// The wall clock in whole seconds since the Unix epoch.
    pub(crate) fn unix(self) -> i64 {
        self.unix_millis / 1000
    }
}

/// The operating system's clock, or a wall clock that starts at a chosen moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    start: Option<(SystemTime, tokio::time::Instant)>,
}

impl Clock {
    /// A wall clock that starts at `wall` and advances with tokio's clock, which tests can pause.
    #[cfg(test)]
    pub(crate) fn starting_at(wall: SystemTime) -> Self {
        Self {
            start: Some((wall, tokio::time::Instant::now())),
        }
    }

    pub(crate) fn now(self) -> Moment {
        let wall = self
            .start
            .map_or_else(SystemTime::now, |(wall, origin)| wall + origin.elapsed());
        let since_epoch = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment {
            mono: tokio::time::Instant::now().into_std(),
            unix_millis: i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX),
        }
    }
}
