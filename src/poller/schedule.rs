//! How often to call. Pure.

use std::num::NonZeroU32;
use std::time::Duration;

/// A status stays shown for three rounds without an answer, so that one lost answer and one lost retry do not hide a phone.
pub const ROUNDS_UNTIL_STALE: u32 = 3;

const MINUTE: Duration = Duration::from_mins(1);

/// The `poll` section of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollSettings {
    /// The time between rounds; the budget may require a longer one.
    pub interval: Duration,
    /// The time between requests of a transient phone, as far as the rounds leave calls over.
    pub transient_interval: Duration,
    /// A status that is not confirmed for this time is stale; at least three effective intervals.
    pub stale_after: Duration,
    /// From the first byte of a request to the last byte of its response.
    pub timeout: Duration,
}

impl PollSettings {
    /// The settings that take effect with rounds of `batches` calls: the interval is longer if the budget requires it, and
    /// `stale_after` is at least three intervals.
    #[must_use]
    pub fn effective(self, batches: usize, requests_per_minute: NonZeroU32) -> Self {
        let calls = u32::try_from(batches).unwrap_or(u32::MAX);
        let affordable = MINUTE.saturating_mul(calls) / requests_per_minute.get();
        let interval = self.interval.max(affordable);
        let stale_after = self.stale_after.max(interval.saturating_mul(ROUNDS_UNTIL_STALE));
        Self {
            interval,
            stale_after,
            ..self
        }
    }
}

/// The time between two calls that rounds of `batches` calls every `interval` leave over; `None` if they leave none.
pub(super) fn spare_spacing(requests_per_minute: NonZeroU32, batches: usize, interval: Duration) -> Option<Duration> {
    let batches = u32::try_from(batches).unwrap_or(u32::MAX);
    let needed = MINUTE.as_secs_f64() * f64::from(batches) / interval.as_secs_f64();
    let spare = f64::from(requests_per_minute.get()) - needed;
    // Less than one call a minute is a rounding error.
    (spare >= 1.0).then(|| MINUTE.div_f64(spare))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(requests_per_minute: u32) -> NonZeroU32 {
        NonZeroU32::new(requests_per_minute).unwrap()
    }

    /// The effective interval and `stale_after` in seconds, of 60 s and 300 s as configured.
    fn effective(batches: usize, requests_per_minute: u32) -> (u64, u64) {
        let settings = PollSettings {
            interval: MINUTE,
            transient_interval: MINUTE,
            stale_after: MINUTE * 5,
            timeout: MINUTE,
        };
        let effective = settings.effective(batches, budget(requests_per_minute));
        (effective.interval.as_secs(), effective.stale_after.as_secs())
    }

    #[test]
    fn a_sufficient_budget_keeps_the_configured_settings() {
        assert_eq!(effective(100, 100), (60, 300));
    }

    #[test]
    fn a_small_budget_makes_the_interval_and_stale_after_longer() {
        assert_eq!(effective(90, 60), (90, 300));
        assert_eq!(effective(250, 100), (150, 450));
    }

    #[test]
    fn calls_that_rounds_do_not_need_are_spare() {
        let spacing = spare_spacing(budget(100), 40, MINUTE);
        assert_eq!(spacing, Some(Duration::from_secs(1)));
        assert_eq!(spare_spacing(budget(60), 12, Duration::from_secs(12)), None);
        assert_eq!(spare_spacing(budget(1), 0, MINUTE), Some(MINUTE));
    }
}
