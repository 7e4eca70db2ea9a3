//! How many calls GeeLark allows, and the lock that follows too many.
//!
//! Every limit is a sliding window. A call that the minute's limit refuses does not count in that minute, so the limit
//! passes by waiting. The call does count in the hour, so a client that goes on calling is locked out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::endpoint::ApiEndpoint;
use crate::envelope::Refusal;
use crate::options::Options;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// How long the lock of 40014 lasts.
pub(crate) const LOCK: Duration = Duration::from_hours(2);

/// GeeLark's own limits of the account endpoints, in calls a minute.
const WALLET_PER_MINUTE: usize = 10;
const PLAN_PER_MINUTE: usize = 1;

/// What counts against the limits of the account. Times are since the start of the simulator.
#[derive(Default)]
pub(crate) struct CallLimits {
    hour: VecDeque<Duration>,
    minute: VecDeque<(Duration, ApiEndpoint)>,
    locked_until: Duration,
    concurrent: Permit,
}

/// A call counts as concurrent as long as it holds a clone.
pub(crate) type Permit = Arc<()>;

impl CallLimits {
    /// Counts a call and admits or refuses it. The call counts as concurrent until the result is dropped.
    pub(crate) fn admit(&mut self, options: &Options, endpoint: ApiEndpoint, now: Duration) -> Result<Permit, Refusal> {
        while self.hour.pop_front_if(|at| *at + HOUR <= now).is_some() {}
        while self.minute.pop_front_if(|(at, _)| *at + MINUTE <= now).is_some() {}
        if self.lock_left(now).is_none() && self.hour.len() >= options.requests_per_hour as usize {
            self.lock(LOCK, now);
        }
        if self.lock_left(now).is_some() {
            return Err(Refusal::new(40014, "hourly limit exceeded, locked for two hours"));
        }
        self.hour.push_back(now);
        let same_endpoint = || self.minute.iter().filter(|(_, other)| *other == endpoint).count();
        let is_over = match endpoint {
            _ if self.minute.len() >= options.requests_per_minute as usize => true,
            ApiEndpoint::Wallet => same_endpoint() >= WALLET_PER_MINUTE,
            ApiEndpoint::Plan => same_endpoint() >= PLAN_PER_MINUTE,
            _ => false,
        };
        if is_over {
            return Err(Refusal::new(40007, "too many requests, try again in the next minute"));
        }
        let concurrent = Arc::strong_count(&self.concurrent) - 1;
        if options.max_concurrent.is_some_and(|most| concurrent >= most as usize) {
            return Err(Refusal::new(47002, "too many concurrent requests"));
        }
        self.minute.push_back((now, endpoint));
        Ok(Arc::clone(&self.concurrent))
    }

    /// Locks the account for `length` from `now` on.
    pub(crate) fn lock(&mut self, length: Duration, now: Duration) {
        self.locked_until = now.saturating_add(length);
    }

    /// Ends the lock and forgets the calls of the hour, so that the next call does not lock the account again.
    pub(crate) fn unlock(&mut self) {
        self.locked_until = Duration::ZERO;
        self.hour.clear();
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

    /// Limits with the options of an account.
    struct Account {
        options: Options,
        limits: CallLimits,
    }

    impl Account {
        fn new(change: impl FnOnce(&mut Options)) -> Self {
            let mut options = Options::default();
            change(&mut options);
            let limits = CallLimits::default();
            Self { options, limits }
        }

        fn admit(&mut self, endpoint: ApiEndpoint, now: Duration) -> Result<Permit, Refusal> {
            self.limits.admit(&self.options, endpoint, now)
        }

        /// The code of a call that is answered at once.
        fn call(&mut self, endpoint: ApiEndpoint, now: Duration) -> i64 {
            self.admit(endpoint, now).map_or_else(|refusal| refusal.code, |_| 0)
        }
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn the_201st_call_in_a_minute_is_refused_and_the_window_slides() {
        let mut account = Account::new(|_| {});
        let start = Duration::ZERO;
        for at in 0..200 {
            assert_eq!(
                account.call(ApiEndpoint::Status, start + Duration::from_millis(100 * at)),
                0
            );
        }
        assert_eq!(account.call(ApiEndpoint::Status, start + seconds(59)), 40007);
        assert_eq!(
            account.call(ApiEndpoint::List, start + Duration::from_millis(59_999)),
            40007
        );
        assert_eq!(
            account.call(ApiEndpoint::Status, start + seconds(60)),
            0,
            "the first call left the window"
        );
        assert_eq!(
            account.call(ApiEndpoint::Status, start + seconds(60)),
            40007,
            "one call left the window, one entered"
        );
        assert_eq!(
            account.call(ApiEndpoint::Status, start + Duration::from_millis(60_100)),
            0
        );
    }

    #[test]
    fn too_many_calls_in_an_hour_lock_the_account_for_two_hours() {
        let mut account = Account::new(|options| options.requests_per_hour = 30);
        let start = Duration::ZERO;
        for at in 0..30 {
            assert_eq!(account.call(ApiEndpoint::Status, start + seconds(60 * at)), 0);
        }
        let locked = start + seconds(60 * 59);
        assert_eq!(account.call(ApiEndpoint::Status, locked), 40014);
        assert_eq!(
            account.call(ApiEndpoint::Wallet, locked + LOCK / 2),
            40014,
            "the lock holds for every endpoint"
        );
        assert_eq!(
            account.limits.lock_left(locked + LOCK / 2),
            Some(LOCK / 2),
            "calls during the lock do not lengthen it"
        );
        assert_eq!(account.call(ApiEndpoint::Status, locked + LOCK), 0);
    }

    #[test]
    fn repeated_calls_beyond_the_minutes_limit_end_in_the_lock() {
        let mut account = Account::new(|options| (options.requests_per_minute, options.requests_per_hour) = (1, 5));
        let now = Duration::ZERO;
        let codes: Vec<i64> = (0..7).map(|_| account.call(ApiEndpoint::Status, now)).collect();
        assert_eq!(codes, [0, 40007, 40007, 40007, 40007, 40014, 40014]);
        account.limits.unlock();
        assert_eq!(account.call(ApiEndpoint::Status, now + MINUTE), 0);
    }

    #[test]
    fn the_account_endpoints_have_limits_of_their_own() {
        let mut account = Account::new(|_| {});
        let now = Duration::ZERO;
        let codes: Vec<i64> = (0..11).map(|_| account.call(ApiEndpoint::Wallet, now)).collect();
        assert_eq!(codes, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40007]);
        assert_eq!(account.call(ApiEndpoint::Plan, now), 0);
        assert_eq!(account.call(ApiEndpoint::Plan, now + seconds(59)), 40007);
        assert_eq!(account.call(ApiEndpoint::Plan, now + MINUTE), 0);
        assert_eq!(account.call(ApiEndpoint::Status, now), 0);
    }

    #[test]
    fn a_call_beyond_the_concurrent_ones_is_refused_until_one_ends() {
        let mut account = Account::new(|options| options.max_concurrent = Some(2));
        let now = Duration::ZERO;
        let first = account.admit(ApiEndpoint::Status, now).unwrap();
        let _second = account.admit(ApiEndpoint::Status, now).unwrap();
        assert_eq!(account.admit(ApiEndpoint::Status, now).unwrap_err().code, 47002);
        drop(first);
        assert!(account.admit(ApiEndpoint::Status, now).is_ok());
    }
}
