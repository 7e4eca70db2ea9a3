//! Time as the rooms receive it: handed in, so that tests can stop it.

use std::fmt;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Whole seconds since the Unix epoch, as Prometheus writes timestamps.
///
/// Whole, because a timestamp of this exporter is never better than a poll interval, and short text compresses well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(pub i64);

/// One moment on both clocks.
///
/// Durations (stale, due, locked) are measured on `mono`, which never jumps; `wall` is only shown and signed with.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The steady clock. Under `tokio::time::pause` it stands still with tokio's.
    pub mono: Instant,
    /// The clock on the wall, which an administrator or NTP may move either way.
    pub wall: SystemTime,
}

impl Moment {
    /// The wall clock in whole seconds.
    pub fn unix(self) -> UnixTime {
        UnixTime(i64::try_from(self.unix_millis() / 1000).unwrap_or(i64::MAX))
    }

    /// What the wall clock will show when the steady clock reaches `later`, to the nearest second.
    pub fn wall_at(self, later: Instant) -> UnixTime {
        let left = later.saturating_duration_since(self.mono).as_millis();
        UnixTime(i64::try_from((self.unix_millis() + left + 500) / 1000).unwrap_or(i64::MAX))
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

    /// The present moment. The steady side is tokio's clock, so that paused time pauses everything.
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
