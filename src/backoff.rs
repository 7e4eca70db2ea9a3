//! How long to wait before a failed call is repeated.

use std::time::Duration;

/// The wait before the first retry. Most short failures are over by then.
const FIRST: Duration = Duration::from_secs(1);

/// The longest wait. The end of an outage is noticed within about this time.
const LONGEST: Duration = Duration::from_secs(30);

/// The wait before retry number `attempt` (from 1): it doubles up to a limit, with [`jitter`]. `random` is in `0.0..1.0`.
pub(crate) fn delay(attempt: u32, random: f64) -> Duration {
    let doubled = FIRST.saturating_mul(1 << (attempt - 1).min(16)).min(LONGEST);
    jitter(doubled, random)
}

/// From a half to the whole of `wait`, so that calls that failed together are not repeated together. `random` is in
/// `0.0..1.0`.
pub(crate) fn jitter(wait: Duration, random: f64) -> Duration {
    wait.mul_f64(0.5 + random / 2.0)
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
