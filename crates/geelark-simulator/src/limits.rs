//! How many calls GeeLark allows, and the lock that follows too many.
//!
//! Every limit is a sliding window. A call that the minute's limit refuses does not count in that minute, so the limit
//! passes by waiting. The call does count in the hour, so a client that goes on calling is locked out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::endpoint::Endpoint;
use crate::envelope::Refusal;
use crate::options::Options;
use crate::window::Window;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// How long 40014 lasts.
pub(crate) const LOCK: Duration = Duration::from_hours(2);

/// GeeLark's own limits of the account endpoints, in calls a minute.
const WALLET_PER_MINUTE: u32 = 10;
const PLAN_PER_MINUTE: u32 = 1;

pub(crate) struct Limits {
    minutes: [MinuteLimit; 3],
    hour: Window,
    allowed_per_hour: u32,
    locked_until: Option<Instant>,
    concurrent: Arc<Semaphore>,
}

/// A limit of a minute, for one endpoint or for all of them.
struct MinuteLimit {
    endpoint: Option<Endpoint>,
    allowed: u32,
    window: Window,
}

impl Limits {
    pub(crate) fn new(options: &Options) -> Self {
        let limits = [
            (None, options.requests_per_minute),
            (Some(Endpoint::Wallet), WALLET_PER_MINUTE),
            (Some(Endpoint::Plan), PLAN_PER_MINUTE),
        ];
        let concurrent = options.max_concurrent.map_or(usize::MAX, |most| most as usize);
        Self {
            minutes: limits.map(|(endpoint, allowed)| MinuteLimit {
                endpoint,
                allowed,
                window: Window::new(MINUTE),
            }),
            hour: Window::new(HOUR),
            allowed_per_hour: options.requests_per_hour,
            locked_until: None,
            concurrent: Arc::new(Semaphore::new(concurrent.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// Counts a call and admits or refuses it. The call counts as concurrent until the permit is dropped.
    pub(crate) fn admit(&mut self, endpoint: Endpoint, now: Instant) -> Result<OwnedSemaphorePermit, Refusal> {
        let locked = Refusal::new(40014, "hourly limit exceeded, locked for two hours");
        if self.locked_until(now).is_some() {
            return Err(locked);
        }
        if self.hour.count(now) >= self.allowed_per_hour as usize {
            self.lock(LOCK, now);
            return Err(locked);
        }
        self.hour.add(now);
        let mut limits: Vec<_> = self
            .minutes
            .iter_mut()
            .filter(|limit| limit.endpoint.is_none_or(|only| only == endpoint))
            .collect();
        if limits
            .iter_mut()
            .any(|limit| limit.window.count(now) >= limit.allowed as usize)
        {
            return Err(Refusal::new(40007, "too many requests, try again in the next minute"));
        }
        let permit = Arc::clone(&self.concurrent)
            .try_acquire_owned()
            .map_err(|_| Refusal::new(47002, "too many concurrent requests"))?;
        for limit in limits {
            limit.window.add(now);
        }
        Ok(permit)
    }

    /// Locks the account for `length` from `now` on.
    pub(crate) fn lock(&mut self, length: Duration, now: Instant) {
        self.locked_until = Some(now + length);
    }

    /// Ends the lock and forgets the calls of the hour, so that the next call does not lock the account again.
    pub(crate) fn unlock(&mut self) {
        self.locked_until = None;
        self.hour.clear();
    }

    /// When the present lock ends.
    pub(crate) fn locked_until(&self, now: Instant) -> Option<Instant> {
        self.locked_until.filter(|until| now < *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(change: impl FnOnce(&mut Options)) -> Limits {
        let mut options = Options::default();
        change(&mut options);
        Limits::new(&options)
    }

    /// The code of a call that is answered at once.
    fn call(limits: &mut Limits, endpoint: Endpoint, now: Instant) -> i64 {
        limits.admit(endpoint, now).map_or_else(|refusal| refusal.code, |_| 0)
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn the_201st_call_in_a_minute_is_refused_and_the_window_slides() {
        let mut limits = limits(|_| {});
        let start = Instant::now();
        for at in 0..200 {
            assert_eq!(
                call(&mut limits, Endpoint::Status, start + Duration::from_millis(100 * at)),
                0
            );
        }
        assert_eq!(call(&mut limits, Endpoint::Status, start + seconds(59)), 40007);
        assert_eq!(
            call(&mut limits, Endpoint::List, start + Duration::from_millis(59_999)),
            40007
        );
        assert_eq!(
            call(&mut limits, Endpoint::Status, start + seconds(60)),
            0,
            "the first call left the window"
        );
        assert_eq!(
            call(&mut limits, Endpoint::Status, start + seconds(60)),
            40007,
            "one call left the window, one entered"
        );
        assert_eq!(
            call(&mut limits, Endpoint::Status, start + Duration::from_millis(60_100)),
            0
        );
    }

    #[test]
    fn too_many_calls_in_an_hour_lock_the_account_for_two_hours() {
        let mut limits = limits(|options| options.requests_per_hour = 30);
        let start = Instant::now();
        for at in 0..30 {
            assert_eq!(call(&mut limits, Endpoint::Status, start + seconds(60 * at)), 0);
        }
        let locked = start + seconds(60 * 59);
        assert_eq!(call(&mut limits, Endpoint::Status, locked), 40014);
        assert_eq!(
            call(&mut limits, Endpoint::Wallet, locked + LOCK / 2),
            40014,
            "the lock holds for every endpoint"
        );
        assert_eq!(
            limits.locked_until(locked),
            Some(locked + LOCK),
            "calls during the lock do not lengthen it"
        );
        assert_eq!(call(&mut limits, Endpoint::Status, locked + LOCK), 0);
    }

    #[test]
    fn repeated_calls_beyond_the_minutes_limit_end_in_the_lock() {
        let mut limits = limits(|options| (options.requests_per_minute, options.requests_per_hour) = (1, 5));
        let now = Instant::now();
        let codes: Vec<i64> = (0..7).map(|_| call(&mut limits, Endpoint::Status, now)).collect();
        assert_eq!(codes, [0, 40007, 40007, 40007, 40007, 40014, 40014]);
        limits.unlock();
        assert_eq!(call(&mut limits, Endpoint::Status, now + MINUTE), 0);
    }

    #[test]
    fn the_account_endpoints_have_limits_of_their_own() {
        let mut limits = limits(|_| {});
        let now = Instant::now();
        let codes: Vec<i64> = (0..11).map(|_| call(&mut limits, Endpoint::Wallet, now)).collect();
        assert_eq!(codes, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40007]);
        assert_eq!(call(&mut limits, Endpoint::Plan, now), 0);
        assert_eq!(call(&mut limits, Endpoint::Plan, now + seconds(59)), 40007);
        assert_eq!(call(&mut limits, Endpoint::Plan, now + MINUTE), 0);
        assert_eq!(call(&mut limits, Endpoint::Status, now), 0);
    }

    #[test]
    fn a_call_beyond_the_concurrent_ones_is_refused_until_one_ends() {
        let mut limits = limits(|options| options.max_concurrent = Some(2));
        let now = Instant::now();
        let first = limits.admit(Endpoint::Status, now).unwrap();
        let _second = limits.admit(Endpoint::Status, now).unwrap();
        assert_eq!(limits.admit(Endpoint::Status, now).unwrap_err().code, 47002);
        drop(first);
        assert!(limits.admit(Endpoint::Status, now).is_ok());
    }
}
