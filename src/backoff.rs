//! How long to wait before the same question is asked again.

use std::time::Duration;

/// The first retry comes about so soon: most failures of a moment are over by then.
const FIRST: Duration = Duration::from_secs(1);

/// No retry waits longer; an outage is found to be over within about this time.
const LONGEST: Duration = Duration::from_secs(30);

/// The wait before retry number `attempt` (from 1): doubling, capped, and anywhere in the upper half of that, so that the
/// batches that failed together do not come back together. `random` is in `0.0..1.0`.
pub(crate) fn delay(attempt: u32, random: f64) -> Duration {
    let doubled = FIRST.saturating_mul(1 << (attempt - 1).min(16)).min(LONGEST);
    doubled.mul_f64(0.5 + random / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_cap() {
        let longest: Vec<u64> = (1..=8).map(|attempt| delay(attempt, 1.0).as_secs()).collect();
        assert_eq!(longest, [1, 2, 4, 8, 16, 30, 30, 30]);
    }

    #[test]
    fn jitter_takes_at_most_half() {
        assert_eq!(delay(3, 0.0), Duration::from_secs(2));
        assert_eq!(delay(u32::MAX, 0.0), LONGEST / 2);
    }
}
