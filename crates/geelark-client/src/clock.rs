//! Time as the rooms receive it: handed in, so that tests can stop it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Whole seconds since the Unix epoch, as Prometheus writes timestamps.
///
/// Whole, because a timestamp of this exporter is never better than a poll interval, and short text compresses well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(pub i64);

/// Milliseconds since the Unix epoch: what is written down for a later process, whose steady clock is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMillis(pub u64);

/// One moment on both clocks.
///
/// Durations (stale, due, locked) are measured on `mono`, which never jumps; `wall` is only shown and signed with.
#[derive(Clone, Copy, Debug)]
pub struct Timestamp {
    /// The steady clock. Under `tokio::time::pause` it stands still with tokio's.
    pub mono: Instant,
    /// The clock on the wall, which an administrator or NTP may move either way.
    pub wall: SystemTime,
}

impl Timestamp {
    /// The wall clock in whole seconds.
    pub fn unix(self) -> UnixTime {
        UnixTime(i64::try_from(self.unix_millis() / 1000).unwrap_or(i64::MAX))
    }

    /// What the wall clock will show when the steady clock reaches `later`, to the nearest second.
    pub fn wall_at(self, later: Instant) -> UnixTime {
        let left = later.saturating_duration_since(self.mono).as_millis();
        UnixTime(i64::try_from((self.unix_millis() + left + 500) / 1000).unwrap_or(i64::MAX))
    }

    /// The wall clock in whole milliseconds.
    pub fn millis(self) -> UnixMillis {
        UnixMillis(u64::try_from(self.unix_millis()).unwrap_or(u64::MAX))
    }

    /// What the wall clock shows when the steady clock is at `then`, earlier or later, rounded up.
    pub fn millis_at(self, then: Instant) -> UnixMillis {
        let round_up = |duration: Duration| u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        let wall = self.wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixMillis(round_up(match self.mono.checked_duration_since(then) {
            Some(ago) => wall.saturating_sub(ago),
            None => wall.saturating_add(then.saturating_duration_since(self.mono)),
        }))
    }

    /// The wall clock in milliseconds since the Unix epoch; 0 for a clock set before it.
    pub fn unix_millis(self) -> u128 {
        self.wall
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis())
    }
}

/// From the moment a predecessor wrote times down to now, as far as a wall clock can tell.
///
/// The wall clock may have been moved meanwhile. Moved back so far that what was written lies in the future, nobody can
/// tell how long ago it was: then every age is unknown, and what was left of a wait is left still. Moved forward, it cannot
/// be noticed. Either way no wait that is restored is longer than its kind allows.
#[derive(Clone, Copy, Debug)]
pub struct ElapsedSinceSave {
    now: Timestamp,
    written: UnixMillis,
}

/// So much a clock may have been corrected backwards without casting doubt on everything.
const SET_BACK: Duration = Duration::from_secs(5);

impl ElapsedSinceSave {
    /// `written` is when the predecessor wrote.
    pub fn new(written: UnixMillis, now: Timestamp) -> Self {
        Self { now, written }
    }

    /// The present, on which restored times are based.
    pub fn now(self) -> Timestamp {
        self.now
    }

    /// How long ago the predecessor wrote; `None` if the clock was set back since.
    pub fn elapsed(self) -> Option<Duration> {
        let (now, written) = (self.now.millis().0, self.written.0);
        let ahead = Duration::from_millis(written.saturating_sub(now));
        (ahead <= SET_BACK).then(|| Duration::from_millis(now.saturating_sub(written)))
    }

    /// When `then` was, no later than now; `None` if nobody can tell.
    pub fn earlier(self, then: UnixMillis) -> Option<Instant> {
        self.elapsed()?;
        let age = Duration::from_millis(self.now.millis().0.saturating_sub(then.0));
        self.now.mono.checked_sub(age)
    }

    /// When `then` will be, within `most` from now; `None` if it is over.
    pub fn later(self, then: UnixMillis, most: Duration) -> Option<Instant> {
        let counted_from = self.now.millis().max(self.written);
        let left = Duration::from_millis(then.0.saturating_sub(counted_from.0)).min(most);
        (!left.is_zero()).then(|| self.now.mono + left)
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
    pub fn now(&self) -> Timestamp {
        Timestamp {
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000_000;
    const HOUR: u64 = 3_600_000;

    fn now() -> Timestamp {
        Timestamp {
            mono: Instant::now(),
            wall: UNIX_EPOCH + Duration::from_millis(NOW),
        }
    }

    #[test]
    fn times_are_written_down_and_read_back() {
        let now = now();
        let before = now.mono.checked_sub(Duration::from_secs(70)).unwrap();
        let after = now.mono + Duration::from_secs(70);
        assert_eq!(now.millis_at(before), UnixMillis(NOW - 70_000));
        assert_eq!(now.millis_at(after), UnixMillis(NOW + 70_000));
        let past = ElapsedSinceSave::new(UnixMillis(NOW - 10), now);
        assert_eq!(past.elapsed(), Some(Duration::from_millis(10)));
        assert_eq!(past.earlier(now.millis_at(before)), Some(before));
        assert_eq!(past.later(now.millis_at(after), Duration::MAX), Some(after));
    }

    #[test]
    fn nothing_is_known_of_ages_once_the_clock_was_set_back_and_waits_do_not_shrink() {
        let now = now();
        let past = ElapsedSinceSave::new(UnixMillis(NOW + HOUR), now);
        assert_eq!(past.elapsed(), None);
        assert_eq!(past.earlier(UnixMillis(NOW - 1)), None);
        let minute = Duration::from_mins(1);
        let lock = UnixMillis(NOW + HOUR + 60_000);
        assert_eq!(past.later(lock, Duration::MAX), Some(now.mono + minute));
    }

    #[test]
    fn a_small_correction_of_the_clock_is_no_reason_to_forget() {
        let past = ElapsedSinceSave::new(UnixMillis(NOW + 4000), now());
        assert_eq!(past.elapsed(), Some(Duration::ZERO));
        assert_eq!(past.earlier(UnixMillis(NOW + 3000)), Some(past.now.mono));
    }

    #[test]
    fn no_wait_is_longer_than_its_kind_allows() {
        let now = now();
        let most = Duration::from_hours(2);
        for (written, until) in [(NOW, u64::MAX), (u64::MAX, u64::MAX), (0, NOW + 9 * HOUR), (NOW, NOW)] {
            let later = ElapsedSinceSave::new(UnixMillis(written), now).later(UnixMillis(until), most);
            assert!(later.is_none_or(|later| later <= now.mono + most));
        }
    }
}
