//! The arithmetic of rounds: how often, how far apart, how long until stale. Pure.

use std::num::NonZeroU32;
use std::time::Duration;

/// A status is not called stale before three rounds could have confirmed it: one lost answer, and one lost retry, are
/// no reason to take a phone off the dashboards.
const ROUNDS_UNTIL_STALE: u32 = 3;

/// How often a fleet of `batches` can be asked: as configured, or as slowly as the budget makes it.
pub fn effective_interval(configured: Duration, batches: usize, requests_per_minute: NonZeroU32) -> Duration {
    let calls = u32::try_from(batches).unwrap_or(u32::MAX);
    let affordable = Duration::from_mins(1).saturating_mul(calls) / requests_per_minute.get();
    configured.max(affordable)
}

/// How old a status may be and still be shown: as configured, but at least three effective intervals.
pub fn effective_stale_after(configured: Duration, interval: Duration) -> Duration {
    configured.max(interval.saturating_mul(ROUNDS_UNTIL_STALE))
}

/// When within a round its `nth` of `calls` calls is due: spread evenly, so that neither GeeLark nor a scrape sees bursts.
pub(super) fn offset(interval: Duration, nth: usize, calls: usize) -> Duration {
    let (nth, calls) = (
        u32::try_from(nth).unwrap_or(u32::MAX),
        u32::try_from(calls).unwrap_or(u32::MAX),
    );
    interval.saturating_mul(nth) / calls.max(1)
}

/// The time between two calls that rounds of `batches` calls every `interval` leave room for; `None` if they leave none.
pub(super) fn spare_spacing(requests_per_minute: NonZeroU32, batches: usize, interval: Duration) -> Option<Duration> {
    let minute = Duration::from_mins(1);
    let batches = u32::try_from(batches).unwrap_or(u32::MAX);
    let needed = minute.as_secs_f64() * f64::from(batches) / interval.as_secs_f64();
    let spare = f64::from(requests_per_minute.get()) - needed;
    // Less than one call a minute is what rounding leaves of nothing.
    (spare >= 1.0).then(|| minute.div_f64(spare))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn budget(requests_per_minute: u32) -> NonZeroU32 {
        NonZeroU32::new(requests_per_minute).unwrap()
    }

    #[test]
    fn a_budget_that_suffices_leaves_the_interval_alone() {
        assert_eq!(effective_interval(MINUTE, 100, budget(100)), MINUTE);
    }

    #[test]
    fn a_budget_that_is_too_small_stretches_the_interval() {
        assert_eq!(
            effective_interval(Duration::from_secs(10), 12, budget(60)),
            Duration::from_secs(12)
        );
        assert_eq!(effective_interval(MINUTE, 250, budget(100)), Duration::from_secs(150));
    }

    #[test]
    fn three_stretched_intervals_pass_before_a_phone_is_stale() {
        assert_eq!(
            effective_stale_after(MINUTE, Duration::from_secs(150)),
            Duration::from_secs(450)
        );
        assert_eq!(effective_stale_after(MINUTE * 5, MINUTE), MINUTE * 5);
    }

    #[test]
    fn what_the_round_does_not_need_is_spare() {
        let spacing = spare_spacing(budget(100), 40, MINUTE);
        assert_eq!(spacing, Some(Duration::from_secs(1)));
        assert_eq!(spare_spacing(budget(60), 12, Duration::from_secs(12)), None);
        assert_eq!(spare_spacing(budget(1), 0, MINUTE), Some(MINUTE));
    }

    #[test]
    fn calls_are_spread_over_the_round() {
        let offsets: Vec<u64> = (0..4).map(|nth| offset(MINUTE, nth, 4).as_secs()).collect();
        assert_eq!(offsets, [0, 15, 30, 45]);
    }
}
