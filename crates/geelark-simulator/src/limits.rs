//! How many calls GeeLark allows, and the lock that follows too many.
//!
//! Every limit is a sliding window. A call that the minute's limit refuses does not count in that minute, so the limit
//! passes by waiting. The call does count in the hour, so a client that goes on calling is locked out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::endpoint::ApiEndpoint;
use crate::envelope::Refusal;
use crate::options::Options;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// How long 40014 lasts.
pub(crate) const LOCK: Duration = Duration::from_hours(2);

/// GeeLark's own limits of the account endpoints, in calls a minute.
const WALLET_PER_MINUTE: u32 = 10;
const PLAN_PER_MINUTE: u32 = 1;

/// The limits of the account. Times are since the start of the simulator.
pub(crate) struct CallLimits {
    hour: SlidingWindow,
    /// The limits of a minute: one for all calls, and those of single endpoints.
    minutes: [(Option<ApiEndpoint>, SlidingWindow); 3],
    locked_until: Duration,
    concurrent: Arc<Semaphore>,
}

/// The calls of the last `length`. A call leaves the window exactly `length` after it was added.
struct SlidingWindow {
    length: Duration,
    allowed: u32,
    calls: VecDeque<Duration>,
}

impl SlidingWindow {
    fn new(length: Duration, allowed: u32) -> Self {
        let calls = VecDeque::new();
        Self { length, allowed, calls }
    }

    fn is_full(&mut self, now: Duration) -> bool {
        let is_over = |at: &mut Duration| now.saturating_sub(*at) >= self.length;
        while self.calls.pop_front_if(is_over).is_some() {}
        self.calls.len() >= self.allowed as usize
    }
}

impl CallLimits {
    pub(crate) fn new(options: &Options) -> Self {
        let concurrent = options.max_concurrent.map_or(usize::MAX, |most| most as usize);
        Self {
            hour: SlidingWindow::new(HOUR, options.requests_per_hour),
            minutes: [
                (None, options.requests_per_minute),
                (Some(ApiEndpoint::Wallet), WALLET_PER_MINUTE),
                (Some(ApiEndpoint::Plan), PLAN_PER_MINUTE),
            ]
            .map(|(endpoint, allowed)| (endpoint, SlidingWindow::new(MINUTE, allowed))),
            locked_until: Duration::ZERO,
            concurrent: Arc::new(Semaphore::new(concurrent.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// Counts a call and admits or refuses it. The call counts as concurrent until the permit is dropped.
    pub(crate) fn admit(&mut self, endpoint: ApiEndpoint, now: Duration) -> Result<OwnedSemaphorePermit, Refusal> {
        if self.lock_left(now).is_none() && self.hour.is_full(now) {
            self.lock(LOCK, now);
        }
        if self.lock_left(now).is_some() {
            return Err(Refusal::new(40014, "hourly limit exceeded, locked for two hours"));
        }
        self.hour.calls.push_back(now);
        let mut minutes: Vec<&mut SlidingWindow> = (self.minutes.iter_mut())
            .filter_map(|(only, window)| only.is_none_or(|only| only == endpoint).then_some(window))
            .collect();
        if minutes.iter_mut().any(|minute| minute.is_full(now)) {
            return Err(Refusal::new(40007, "too many requests, try again in the next minute"));
        }
        let permit = Arc::clone(&self.concurrent).try_acquire_owned();
        let permit = permit.map_err(|_| Refusal::new(47002, "too many concurrent requests"))?;
        for minute in minutes {
            minute.calls.push_back(now);
        }
        Ok(permit)
    }

    /// Locks the account for `length` from `now` on.
    pub(crate) fn lock(&mut self, length: Duration, now: Duration) {
        self.locked_until = now.saturating_add(length);
    }

    /// Ends the lock and forgets the calls of the hour, so that the next call does not lock the account again.
    pub(crate) fn unlock(&mut self) {
        self.locked_until = Duration::ZERO;
        self.hour.calls.clear();
    }

    /// How long the account stays locked; none when it is not locked.
    pub(crate) fn lock_left(&self, now: Duration) -> Option<Duration> {
        let left = self.locked_until.saturating_sub(now);
        (!left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(change: impl FnOnce(&mut Options)) -> CallLimits {
        let mut options = Options::default();
        change(&mut options);
        CallLimits::new(&options)
    }

    /// The code of a call that is answered at once.
    fn call(limits: &mut CallLimits, endpoint: ApiEndpoint, now: Duration) -> i64 {
        limits.admit(endpoint, now).map_or_else(|refusal| refusal.code, |_| 0)
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn the_201st_call_in_a_minute_is_refused_and_the_window_slides() {
        let mut limits = limits(|_| {});
        let start = Duration::ZERO;
        for at in 0..200 {
            assert_eq!(
                call(
                    &mut limits,
                    ApiEndpoint::Status,
                    start + Duration::from_millis(100 * at)
                ),
                0
            );
        }
        assert_eq!(call(&mut limits, ApiEndpoint::Status, start + seconds(59)), 40007);
        assert_eq!(
            call(&mut limits, ApiEndpoint::List, start + Duration::from_millis(59_999)),
            40007
        );
        assert_eq!(
            call(&mut limits, ApiEndpoint::Status, start + seconds(60)),
            0,
            "the first call left the window"
        );
        assert_eq!(
            call(&mut limits, ApiEndpoint::Status, start + seconds(60)),
            40007,
            "one call left the window, one entered"
        );
        assert_eq!(
            call(&mut limits, ApiEndpoint::Status, start + Duration::from_millis(60_100)),
            0
        );
    }

    #[test]
    fn too_many_calls_in_an_hour_lock_the_account_for_two_hours() {
        let mut limits = limits(|options| options.requests_per_hour = 30);
        let start = Duration::ZERO;
        for at in 0..30 {
            assert_eq!(call(&mut limits, ApiEndpoint::Status, start + seconds(60 * at)), 0);
        }
        let locked = start + seconds(60 * 59);
        assert_eq!(call(&mut limits, ApiEndpoint::Status, locked), 40014);
        assert_eq!(
            call(&mut limits, ApiEndpoint::Wallet, locked + LOCK / 2),
            40014,
            "the lock holds for every endpoint"
        );
        assert_eq!(
            limits.lock_left(locked + LOCK / 2),
            Some(LOCK / 2),
            "calls during the lock do not lengthen it"
        );
        assert_eq!(call(&mut limits, ApiEndpoint::Status, locked + LOCK), 0);
    }

    #[test]
    fn repeated_calls_beyond_the_minutes_limit_end_in_the_lock() {
        let mut limits = limits(|options| (options.requests_per_minute, options.requests_per_hour) = (1, 5));
        let now = Duration::ZERO;
        let codes: Vec<i64> = (0..7).map(|_| call(&mut limits, ApiEndpoint::Status, now)).collect();
        assert_eq!(codes, [0, 40007, 40007, 40007, 40007, 40014, 40014]);
        limits.unlock();
        assert_eq!(call(&mut limits, ApiEndpoint::Status, now + MINUTE), 0);
    }

    #[test]
    fn the_account_endpoints_have_limits_of_their_own() {
        let mut limits = limits(|_| {});
        let now = Duration::ZERO;
        let codes: Vec<i64> = (0..11).map(|_| call(&mut limits, ApiEndpoint::Wallet, now)).collect();
        assert_eq!(codes, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40007]);
        assert_eq!(call(&mut limits, ApiEndpoint::Plan, now), 0);
        assert_eq!(call(&mut limits, ApiEndpoint::Plan, now + seconds(59)), 40007);
        assert_eq!(call(&mut limits, ApiEndpoint::Plan, now + MINUTE), 0);
        assert_eq!(call(&mut limits, ApiEndpoint::Status, now), 0);
    }

    #[test]
    fn a_call_beyond_the_concurrent_ones_is_refused_until_one_ends() {
        let mut limits = limits(|options| options.max_concurrent = Some(2));
        let now = Duration::ZERO;
        let first = limits.admit(ApiEndpoint::Status, now).unwrap();
        let _second = limits.admit(ApiEndpoint::Status, now).unwrap();
        assert_eq!(limits.admit(ApiEndpoint::Status, now).unwrap_err().code, 47002);
        drop(first);
        assert!(limits.admit(ApiEndpoint::Status, now).is_ok());
    }
}
