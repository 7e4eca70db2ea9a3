//! What phones do by themselves, and how long they take for it.

use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::Value;

use super::events;
use super::names;
use super::phone::{MONTHLY, Phone, status};
use crate::clock::Moment;

const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const MONTH_SECONDS: i64 = 30 * 24 * 60 * 60;

/// In seconds. A rental that ends later never ends.
const CENTURY: u64 = 100 * 365 * 24 * 60 * 60;

/// Converts between the fleet's own time, which the speed stretches, and the wall clock.
#[derive(Clone, Copy)]
pub(super) struct Timeline {
    pub(super) start: Moment,
    pub(super) speed: f64,
}

impl Timeline {
    /// The fleet's age at `now`.
    pub(super) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.start.mono).mul_f64(self.speed)
    }

    /// The fleet's age at a time of the wall clock, in seconds since the Unix epoch.
    fn age_at(&self, unix: i64) -> Duration {
        let seconds = u64::try_from(unix.saturating_sub(self.start.unix())).unwrap_or(0);
        Duration::from_secs(seconds.min(CENTURY)).mul_f64(self.speed)
    }

    /// The wall clock when the fleet has this age, in seconds since the Unix epoch.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "an age in seconds fits; rounding is wanted"
    )]
    fn unix(&self, age: Duration) -> i64 {
        self.start.unix() + (age.as_secs_f64() / self.speed).round() as i64
    }
}

/// A phone with what decides its future. The generator is its own, so no other phone changes that future.
pub(super) struct LivePhone {
    pub(super) phone: Phone,
    rng: Rng,
    /// The next step and the fleet's age at that time; none for a frozen phone.
    next: Option<(Duration, Step)>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// The rental ends, as `monthlyExpire` says.
    Expire,
    /// The phone does what comes next in its life.
    Live,
}

impl LivePhone {
    pub(super) fn new(phone: Phone, rng: Rng, age: Duration, timeline: &Timeline) -> Self {
        let next = None;
        let mut this = Self { phone, rng, next };
        this.schedule(age, timeline);
        this
    }

    /// The fleet's age at the phone's next step.
    pub(super) fn next_step(&self) -> Option<Duration> {
        self.next.map(|(at, _)| at)
    }

    /// Takes the next step if it is due at `age`, and returns its events.
    pub(super) fn advance(&mut self, age: Duration, timeline: &Timeline) -> Option<Vec<Value>> {
        let (at, step) = self.next.filter(|(at, _)| *at <= age)?;
        let before = self.phone.clone();
        match step {
            Step::Expire => {
                self.phone.status = status::EXPIRED;
                self.phone.rpa_status = 0;
            }
            Step::Live => self.live(timeline.unix(at)),
        }
        self.schedule(at, timeline);
        Some(events::between(&before, &self.phone))
    }

    /// Replaces the next step by one that fits the phone as it is at `age`.
    pub(super) fn schedule(&mut self, age: Duration, timeline: &Timeline) {
        self.next = None;
        if self.phone.frozen || timeline.speed == 0.0 {
            return;
        }
        let step = (age + self.dwell(), Step::Live);
        let phone = &self.phone;
        let is_rented = phone.exists && phone.charge_mode == MONTHLY && phone.status != status::EXPIRED;
        let expiry = (timeline.age_at(phone.monthly_expire).max(age), Step::Expire);
        self.next = Some(if is_rented { expiry.min(step) } else { step });
    }

    /// How long the phone stays as it is. Means are those of fleets in use; the exceptions are what alerts are for.
    fn dwell(&mut self) -> Duration {
        let rng = &mut self.rng;
        let seconds = match self.phone.status {
            _ if !self.phone.exists => exponential(rng, 6.0 * HOUR),
            status::STARTING if chance(rng, 0.03) => between(rng, 20.0 * MINUTE, HOUR),
            status::STARTING => between(rng, 20.0, 90.0),
            status::STARTED if chance(rng, 0.02) => between(rng, 24.0 * HOUR, 48.0 * HOUR),
            status::STARTED => exponential(rng, 75.0 * MINUTE),
            status::EXPIRED => exponential(rng, 12.0 * HOUR),
            _ => exponential(rng, 3.0 * HOUR),
        };
        Duration::from_secs_f64(seconds)
    }

    /// `unix` is the time of the wall clock.
    fn live(&mut self, unix: i64) {
        let Self { phone, rng, .. } = self;
        if !phone.exists {
            // Somebody took the phone out of the recycle bin.
            phone.exists = true;
            return;
        }
        match phone.status {
            status::EXPIRED if chance(rng, 0.3) => phone.exists = false,
            status::EXPIRED => {
                phone.status = status::SHUT_DOWN;
                phone.monthly_expire = unix + MONTH_SECONDS;
            }
            status::SHUT_DOWN if chance(rng, 0.01) => phone.exists = false,
            status::SHUT_DOWN if phone.charge_mode == MONTHLY && chance(rng, 0.01) => {
                phone.monthly_expire = unix;
                phone.status = status::EXPIRED;
            }
            status::SHUT_DOWN => phone.status = status::STARTING,
            status::STARTING => {
                phone.status = status::STARTED;
                phone.rpa_status = u8::from(chance(rng, 0.3));
            }
            _ => {
                phone.status = status::SHUT_DOWN;
                phone.rpa_status = 0;
            }
        }
        if chance(rng, 0.02) {
            phone.serial_name = names::name(rng.usize(..1000));
        }
    }
}

fn chance(rng: &mut Rng, probability: f64) -> bool {
    rng.f64() < probability
}

fn between(rng: &mut Rng, from: f64, to: f64) -> f64 {
    from + rng.f64() * (to - from)
}

fn exponential(rng: &mut Rng, mean: f64) -> f64 {
    // 1 - x is never 0 for x in 0..1.
    -(1.0 - rng.f64()).ln() * mean
}
