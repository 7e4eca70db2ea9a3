//! Time, handed in so that tests can pause it.

use std::fmt;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// One moment on both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The monotonic clock. Under `tokio::time::pause` it stands still with tokio's.
    pub mono: Instant,
    /// The wall clock.
    pub wall: SystemTime,
}

impl Moment {
    /// The wall clock in whole seconds since the Unix epoch.
    pub fn unix(self) -> i64 {
        i64::try_from(self.unix_millis() / 1000).unwrap_or(i64::MAX)
    }

    /// The wall clock in milliseconds since the Unix epoch; 0 for a clock set before it.
    pub fn unix_millis(self) -> u128 {
        self.wall
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis())
    }
}

/// Where moments come from.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// The operating system's clock.
    pub fn system() -> Self {
        Self(Arc::new(SystemTime::now))
    }

    /// A wall clock that begins at `start` and advances with tokio's (possibly paused) clock.
    pub fn starting_at(start: SystemTime) -> Self {
        let origin = tokio::time::Instant::now();
        Self(Arc::new(move || start + origin.elapsed()))
    }

    /// The present moment.
    pub fn now(&self) -> Moment {
        Moment {
            mono: tokio::time::Instant::now().into_std(),
            wall: (self.0)(),
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
