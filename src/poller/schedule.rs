//! How often to call. Pure.

use std::num::NonZeroU32;
use std::time::Duration;

/// A status stays shown for three rounds without an answer, so that one lost answer and one lost retry do not hide a phone.
const ROUNDS_UNTIL_STALE: u32 = 3;

const MINUTE: Duration = Duration::from_mins(1);

/// The time between rounds of `batches` calls: `configured`, or longer if the budget requires it.
pub fn effective_interval(configured: Duration, batches: usize, requests_per_minute: NonZeroU32) -> Duration {
    let calls = u32::try_from(batches).unwrap_or(u32::MAX);
    configured.max(MINUTE.saturating_mul(calls) / requests_per_minute.get())
}

/// How old a status may be and still be shown: `configured`, but at least three effective intervals.
pub fn effective_stale_after(configured: Duration, interval: Duration) -> Duration {
    configured.max(interval.saturating_mul(ROUNDS_UNTIL_STALE))
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

    #[test]
    fn a_sufficient_budget_keeps_the_configured_interval() {
        assert_eq!(effective_interval(MINUTE, 100, budget(100)), MINUTE);
    }

    #[test]
    fn a_small_budget_makes_the_interval_longer() {
        assert_eq!(
            effective_interval(Duration::from_secs(10), 12, budget(60)),
            Duration::from_secs(12)
        );
        assert_eq!(effective_interval(MINUTE, 250, budget(100)), Duration::from_secs(150));
    }

    #[test]
    fn a_phone_is_stale_after_three_effective_intervals_at_the_earliest() {
        assert_eq!(
            effective_stale_after(MINUTE, Duration::from_secs(150)),
            Duration::from_secs(450)
        );
        assert_eq!(effective_stale_after(MINUTE * 5, MINUTE), MINUTE * 5);
    }

    #[test]
    fn calls_that_rounds_do_not_need_are_spare() {
        let spacing = spare_spacing(budget(100), 40, MINUTE);
        assert_eq!(spacing, Some(Duration::from_secs(1)));
        assert_eq!(spare_spacing(budget(60), 12, Duration::from_secs(12)), None);
        assert_eq!(spare_spacing(budget(1), 0, MINUTE), Some(MINUTE));
    }
}
