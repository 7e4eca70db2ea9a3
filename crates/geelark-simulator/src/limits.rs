//! What GeeLark allows in a time, and the lock that follows too much of it.
//!
//! Every limit is a sliding window: at most `allowed` calls in any half-open span of its length. A call that a minute's
//! limit refused does not fill that minute, so that it passes by waiting; it does fill the hour, so that a client that
//! hammers on ends in the lock.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::api::{Endpoint, Refusal};
use super::options::Options;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// How long 40014 lasts.
pub(super) const LOCK: Duration = Duration::from_hours(2);

/// GeeLark's own limits of the account endpoints, in calls a minute.
const WALLET_PER_MINUTE: u32 = 10;
const PLAN_PER_MINUTE: u32 = 1;

pub(super) struct Limits {
    minute: Window,
    hour: Window,
    wallet: Window,
    plan: Window,
    locked_until: Option<Instant>,
    max_concurrent: Option<usize>,
    under_way: usize,
}

impl Limits {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            minute: Window::new(MINUTE, options.requests_per_minute),
            hour: Window::new(HOUR, options.requests_per_hour),
            wallet: Window::new(MINUTE, WALLET_PER_MINUTE),
            plan: Window::new(MINUTE, PLAN_PER_MINUTE),
            locked_until: None,
            max_concurrent: options.max_concurrent,
            under_way: 0,
        }
    }

    /// Takes a call on; whoever is taken on must [`leave`](Self::leave) again.
    pub(super) fn enter(&mut self, endpoint: Endpoint, now: Instant) -> Result<(), Refusal> {
        let locked = Refusal::new(40014, "hourly limit exceeded, locked for two hours");
        if self.locked_until(now).is_some() {
            return Err(locked);
        }
        if self.hour.is_full(now) {
            self.lock(LOCK, now);
            return Err(locked);
        }
        self.hour.note(now);
        let own = match endpoint {
            Endpoint::Wallet => Some(&mut self.wallet),
            Endpoint::Plan => Some(&mut self.plan),
            Endpoint::Status | Endpoint::List | Endpoint::Unknown => None,
        };
        let own_is_full = own.as_ref().is_some_and(|window| window.is_full(now));
        if self.minute.is_full(now) || own_is_full {
            return Err(Refusal::new(40007, "too many requests, try again in the next minute"));
        }
        if self.max_concurrent.is_some_and(|most| self.under_way >= most) {
            return Err(Refusal::new(47002, "too many concurrent requests"));
        }
        self.minute.note(now);
        if let Some(own) = own {
            own.note(now);
        }
        self.under_way += 1;
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.under_way -= 1;
    }

    /// Closes the account for `length`, whatever it did.
    pub(super) fn lock(&mut self, length: Duration, now: Instant) {
        self.locked_until = Some(now + length);
    }

    /// Opens the account and forgets what was spent, so that it does not close again at once.
    pub(super) fn unlock(&mut self) {
        self.locked_until = None;
        self.hour.noted.clear();
    }

    /// When the present lock ends.
    pub(super) fn locked_until(&self, now: Instant) -> Option<Instant> {
        self.locked_until.filter(|until| now < *until)
    }
}

struct Window {
    length: Duration,
    allowed: usize,
    noted: VecDeque<Instant>,
}

impl Window {
    fn new(length: Duration, allowed: u32) -> Self {
        Self {
            length,
            allowed: usize::try_from(allowed).unwrap_or(usize::MAX),
            noted: VecDeque::new(),
        }
    }

    /// Looks only at the oldest call that matters: the one `allowed` calls ago.
    fn is_full(&self, now: Instant) -> bool {
        self.noted
            .len()
            .checked_sub(self.allowed)
            .and_then(|at| self.noted.get(at))
            .is_some_and(|oldest| now.saturating_duration_since(*oldest) < self.length)
    }

    fn note(&mut self, now: Instant) {
        while self
            .noted
            .front()
            .is_some_and(|at| now.saturating_duration_since(*at) >= self.length)
        {
            self.noted.pop_front();
        }
        self.noted.push_back(now);
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

    /// Enters and leaves at once; the code that was answered.
    fn call(limits: &mut Limits, endpoint: Endpoint, now: Instant) -> i64 {
        match limits.enter(endpoint, now) {
            Ok(()) => {
                limits.leave();
                0
            }
            Err(refusal) => refusal.code,
        }
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
            "one left, one came"
        );
        assert_eq!(
            call(&mut limits, Endpoint::Status, start + Duration::from_millis(60_100)),
            0
        );
    }

    #[test]
    fn too_much_in_an_hour_locks_for_two_hours_and_then_no_longer() {
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
            "every endpoint, all the time"
        );
        assert_eq!(
            limits.locked_until(locked),
            Some(locked + LOCK),
            "calls during the lock do not lengthen it"
        );
        assert_eq!(call(&mut limits, Endpoint::Status, locked + LOCK), 0);
    }

    #[test]
    fn hammering_on_the_minutes_limit_ends_in_the_lock() {
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
    fn a_call_beyond_the_concurrent_ones_is_refused_until_one_leaves() {
        let mut limits = limits(|options| options.max_concurrent = Some(2));
        let now = Instant::now();
        limits.enter(Endpoint::Status, now).unwrap();
        limits.enter(Endpoint::Status, now).unwrap();
        assert_eq!(limits.enter(Endpoint::Status, now).unwrap_err().code, 47002);
        limits.leave();
        assert_eq!(limits.enter(Endpoint::Status, now), Ok(()));
    }
}
