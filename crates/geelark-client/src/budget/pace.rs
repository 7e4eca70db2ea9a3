//! Even spacing: `governor` on tokio's clock.

use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

type Limiter = RateLimiter<NotKeyed, InMemoryState, Since, NoOpMiddleware<Nanos>>;

/// Lets one call through per spacing, and saves nothing up: a pause is not followed by a burst.
#[derive(Debug)]
pub(super) struct Pace {
    limiter: Limiter,
}

/// Time since a start, which may lie ahead; until then it stands still. On tokio's clock, so that paused time pauses it.
#[derive(Clone, Copy, Debug)]
struct Since(Instant);

impl Clock for Since {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Instant::now().saturating_duration_since(self.0).into()
    }
}

impl Pace {
    /// The first call is let through one spacing after `start`.
    pub(super) fn new(spacing: Duration, start: Instant) -> Self {
        // Zero, which no minute divided by a 32-bit number is, would mean no limit: then a nanosecond is.
        let quota = Quota::with_period(spacing.max(Duration::from_nanos(1)));
        #[expect(clippy::expect_used, reason = "only a period of zero is refused")]
        let limiter = RateLimiter::direct_with_clock(quota.expect("a period above zero"), Since(start));
        // A limiter is born with one call to give away; it is spent here.
        let _ = limiter.check();
        Self { limiter }
    }

    pub(super) fn start(&self) -> Instant {
        self.limiter.clock().0
    }

    /// Takes the turn if it has come; otherwise says when it will. `governor` could wait by itself, but on a timer that
    /// knows nothing of tokio's.
    pub(super) fn check(&self) -> Result<(), Instant> {
        self.limiter
            .check()
            .map_err(|not_until| self.start() + Duration::from(not_until.earliest_possible()))
    }
}
