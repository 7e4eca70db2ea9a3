//! What phones do by themselves, and when.

use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;

use super::generate;
use super::phone::{MONTHLY, SimulatedPhone, status};

const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const MONTH_SECONDS: i64 = 30 * 24 * 60 * 60;

/// When the fleet started, and how fast it lives.
#[derive(Clone, Copy, Default)]
pub(crate) struct Timeline {
    /// In seconds since the Unix epoch.
    pub(crate) start: i64,
    /// 0 for a frozen fleet.
    pub(crate) speed: f64,
}

/// A phone and its next step. It has a random generator of its own, so no other phone changes its lifecycle.
pub(super) struct LivePhone {
    pub(super) phone: SimulatedPhone,
    rng: Rng,
    /// When the phone takes its next step, as the time since the start; none for a frozen phone.
    pub(super) next_step: Option<Duration>,
}

impl LivePhone {
    pub(super) fn new(phone: SimulatedPhone, rng: Rng, now: Duration, timeline: Timeline) -> Self {
        let next_step = None;
        let mut this = Self { phone, rng, next_step };
        this.schedule(now, timeline);
        this
    }

    /// Takes the next step if it is due, and returns its events.
    pub(super) fn advance(&mut self, now: Duration, timeline: Timeline) -> Option<Vec<Value>> {
        let at = self.next_step.filter(|at| *at <= now)?;
        let before = self.phone.clone();
        self.take_step(timeline.start.saturating_add_unsigned(at.as_secs()));
        self.schedule(at, timeline);
        Some(self.phone.events_since(&before))
    }

    /// Replaces the next step by one that fits the phone as it is.
    ///
    /// The speed divides how long a phone boots, runs and rests. A rental ends by the wall clock, so that
    /// `monthlyExpire` is true at any speed.
    pub(super) fn schedule(&mut self, now: Duration, timeline: Timeline) {
        // The speed 0 makes it infinite.
        let dwell = Duration::try_from_secs_f64(self.dwell() / timeline.speed).ok();
        let rental = match u64::try_from(self.phone.monthly_expire.saturating_sub(timeline.start)) {
            _ if !self.phone.is_rented() => Duration::MAX,
            left => Duration::from_secs(left.unwrap_or(0)).max(now),
        };
        self.next_step = dwell
            .filter(|_| !self.phone.frozen)
            .map(|dwell| rental.min(now.saturating_add(dwell)));
    }

    /// How many seconds of the fleet's time the phone stays as it is.
    ///
    /// Means are those of fleets in use. The exceptions are what alerts are for.
    fn dwell(&mut self) -> f64 {
        let rng = &mut self.rng;
        // 1 - x is never 0 for x in 0..1.
        let exponential = |rng: &mut Rng, mean: f64| -(1.0 - rng.f64()).ln() * mean;
        match self.phone.status {
            _ if !self.phone.exists => exponential(rng, 6.0 * HOUR),
            status::STARTING if chance(rng, 0.03) => (20.0 + 40.0 * rng.f64()) * MINUTE,
            status::STARTING => 20.0 + 70.0 * rng.f64(),
            status::STARTED if chance(rng, 0.02) => (24.0 + 24.0 * rng.f64()) * HOUR,
            status::STARTED => exponential(rng, 75.0 * MINUTE),
            status::EXPIRED => exponential(rng, 12.0 * HOUR),
            _ => exponential(rng, 3.0 * HOUR),
        }
    }

    /// Changes the phone as its lifecycle says. `now` is in seconds since the Unix epoch.
    fn take_step(&mut self, now: i64) {
        let Self { phone, rng, .. } = self;
        match phone.status {
            // A person takes the phone out of the recycle bin.
            _ if !phone.exists => phone.exists = true,
            _ if phone.is_rented() && phone.monthly_expire <= now => phone.status = status::EXPIRED,
            status::EXPIRED if chance(rng, 0.3) => phone.exists = false,
            status::SHUT_DOWN if chance(rng, 0.01) => phone.exists = false,
            status::EXPIRED => (phone.status, phone.monthly_expire) = (status::SHUT_DOWN, now + MONTH_SECONDS),
            status::SHUT_DOWN if phone.charge_mode == MONTHLY && chance(rng, 0.01) => {
                (phone.status, phone.monthly_expire) = (status::EXPIRED, now);
            }
            status::SHUT_DOWN => phone.status = status::STARTING,
            status::STARTING => phone.status = status::STARTED,
            _ => phone.status = status::SHUT_DOWN,
        }
        phone.rpa_status = u8::from(phone.status == status::STARTED && chance(rng, 0.3));
        if chance(rng, 0.02) {
            phone.serial_name = generate::name(rng.usize(..1000));
        }
    }
}

fn chance(rng: &mut Rng, probability: f64) -> bool {
    rng.f64() < probability
}
