//! Time. It is passed to the code that needs it, so that tests can pause it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Whole seconds since the Unix epoch, as Prometheus writes timestamps.
///
/// Fractions would add nothing, because a timestamp is only as exact as the poll interval, and short text compresses well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(pub i64);

/// Milliseconds since the Unix epoch: a time that is saved for the next process, which has another steady clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMillis(pub u64);

/// One point in time on both clocks.
///
/// Durations are measured on `mono`, which never jumps. `wall` is only shown, saved and signed.
#[derive(Clone, Copy, Debug)]
pub struct Timestamp {
    /// The steady clock. `tokio::time::pause` pauses it.
    pub mono: Instant,
    /// The wall clock, which an administrator or NTP may move either way.
    pub wall: SystemTime,
}

impl Timestamp {
    /// The wall clock in whole seconds; 0 for a clock before 1970.
    pub fn unix(self) -> UnixTime {
        seconds(self.millis().0)
    }

    /// What the wall clock shows when the steady clock is at `then`, to the nearest second.
    pub fn wall_at(self, then: Instant) -> UnixTime {
        seconds(self.millis_at(then).0.saturating_add(500))
    }

    /// The wall clock in whole milliseconds; 0 for a clock before 1970.
    pub fn millis(self) -> UnixMillis {
        millis(self.since_epoch())
    }

    /// What the wall clock shows when the steady clock is at `then`, earlier or later, rounded up.
    pub fn millis_at(self, then: Instant) -> UnixMillis {
        let wall = match self.mono.checked_duration_since(then) {
            Some(ago) => self.since_epoch().saturating_sub(ago),
            None => self.since_epoch().saturating_add(then - self.mono),
        };
        millis(wall.saturating_add(Duration::from_nanos(999_999)))
    }

    fn since_epoch(self) -> Duration {
        self.wall.duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

fn millis(since_epoch: Duration) -> UnixMillis {
    UnixMillis(since_epoch.as_millis().try_into().unwrap_or(u64::MAX))
}

fn seconds(millis: u64) -> UnixTime {
    UnixTime((millis / 1000).cast_signed())
}

/// The time since the previous process saved its state, as far as the wall clock shows.
///
/// If the wall clock was set back, so that the state seems to come from the future, then every age is unknown, and each wait
/// continues where it was. A clock that was set forward cannot be detected. In both cases no wait is longer than its maximum.
#[derive(Clone, Copy, Debug)]
pub struct ElapsedSinceSave {
    /// The present.
    pub now: Timestamp,
    written: UnixMillis,
}

/// Corrections of the clock up to this do not make ages unknown.
const MAX_CORRECTION: Duration = Duration::from_secs(5);

impl ElapsedSinceSave {
    /// The time from `written`, when the previous process saved its state, to `now`.
    pub fn new(written: UnixMillis, now: Timestamp) -> Self {
        Self { now, written }
    }

    /// How long ago the state was saved; `None` if the clock was set back since.
    pub fn elapsed(self) -> Option<Duration> {
        let (now, written) = (self.now.millis().0, self.written.0);
        let ahead = Duration::from_millis(written.saturating_sub(now));
        (ahead <= MAX_CORRECTION).then(|| Duration::from_millis(now.saturating_sub(written)))
    }

    /// When `then` was, at most now; `None` if its age is unknown.
    pub fn earlier(self, then: UnixMillis) -> Option<Instant> {
        self.elapsed()?;
        let age = Duration::from_millis(self.now.millis().0.saturating_sub(then.0));
        self.now.mono.checked_sub(age)
    }

    /// When `then` will be, at most `max` from now; `None` if it is over.
    pub fn later(self, then: UnixMillis, max: Duration) -> Option<Instant> {
        let counted_from = self.now.millis().max(self.written);
        let left = Duration::from_millis(then.0.saturating_sub(counted_from.0)).min(max);
        (!left.is_zero()).then(|| self.now.mono + left)
    }
}

/// The source of timestamps.
#[derive(Clone, Debug)]
pub struct Clock {
    /// A wall clock that started at this time, when tokio's clock was at this instant.
    start: Option<(SystemTime, tokio::time::Instant)>,
}

impl Clock {
    /// The clock of the operating system.
    pub fn system() -> Self {
        Self { start: None }
    }

    /// A wall clock that starts at `start` and advances with tokio's clock, which may be paused.
    pub fn starting_at(start: SystemTime) -> Self {
        Self {
            start: Some((start, tokio::time::Instant::now())),
        }
    }

    /// The present. The steady part is tokio's clock.
    pub fn now(&self) -> Timestamp {
        Timestamp {
            mono: tokio::time::Instant::now().into_std(),
            wall: self
                .start
                .map_or_else(SystemTime::now, |(start, origin)| start + origin.elapsed()),
        }
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
    fn saved_times_are_restored() {
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
    fn a_clock_that_was_set_back_makes_ages_unknown_and_keeps_waits() {
        let now = now();
        let past = ElapsedSinceSave::new(UnixMillis(NOW + HOUR), now);
        assert_eq!(past.elapsed(), None);
        assert_eq!(past.earlier(UnixMillis(NOW - 1)), None);
        let minute = Duration::from_mins(1);
        let lock = UnixMillis(NOW + HOUR + 60_000);
        assert_eq!(past.later(lock, Duration::MAX), Some(now.mono + minute));
    }

    #[test]
    fn a_small_correction_of_the_clock_keeps_ages() {
        let past = ElapsedSinceSave::new(UnixMillis(NOW + 4000), now());
        assert_eq!(past.elapsed(), Some(Duration::ZERO));
        assert_eq!(past.earlier(UnixMillis(NOW + 3000)), Some(past.now.mono));
    }

    #[test]
    fn no_wait_is_longer_than_its_maximum() {
        let now = now();
        let most = Duration::from_hours(2);
        for (written, until) in [(NOW, u64::MAX), (u64::MAX, u64::MAX), (0, NOW + 9 * HOUR), (NOW, NOW)] {
            let later = ElapsedSinceSave::new(UnixMillis(written), now).later(UnixMillis(until), most);
            assert!(later.is_none_or(|later| later <= now.mono + most));
        }
    }
}
