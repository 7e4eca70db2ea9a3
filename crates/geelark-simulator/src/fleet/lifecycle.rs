//! What phones do by themselves, and how long they take for it.

use std::time::Duration;

use fastrand::Rng;

use super::names;
use super::phone::{MONTHLY, Phone, status};

const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const MONTH_SECONDS: i64 = 30 * 24 * 60 * 60;

/// What the agenda holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// The rental ends, as `monthlyExpire` said.
    Expiry,
    /// The phone does the next thing.
    Step,
}

/// When the phone's rental ends, if it has one that has not ended.
pub(super) fn expires_at(phone: &Phone) -> Option<i64> {
    let rented = phone.exists && phone.charge_mode == MONTHLY && phone.status != status::EXPIRED;
    rented.then_some(phone.monthly_expire)
}

/// How long the phone stays as it is. Means are those of fleets in use; the exceptions are what alerts are for.
pub(super) fn dwell(phone: &Phone, rng: &mut Rng) -> Duration {
    let seconds = match phone.status {
        _ if !phone.exists => exponential(rng, 6.0 * HOUR),
        status::STARTING if chance(rng, 0.03) => between(rng, 20.0 * MINUTE, HOUR),
        status::STARTING => between(rng, 20.0, 90.0),
        status::STARTED if chance(rng, 0.02) => between(rng, 24.0 * HOUR, 48.0 * HOUR),
        status::STARTED => exponential(rng, 75.0 * MINUTE),
        status::EXPIRED => exponential(rng, 12.0 * HOUR),
        _ => exponential(rng, 3.0 * HOUR),
    };
    Duration::from_secs_f64(seconds)
}

/// Lets `event` happen to the phone at the `wall` time, in epoch seconds.
pub(super) fn happen(event: Event, phone: &mut Phone, rng: &mut Rng, wall: i64) {
    match event {
        Event::Expiry => expire(phone),
        Event::Step => step(phone, rng, wall),
    }
}

fn expire(phone: &mut Phone) {
    phone.status = status::EXPIRED;
    phone.rpa_status = 0;
}

fn step(phone: &mut Phone, rng: &mut Rng, wall: i64) {
    if !phone.exists {
        // Taken out of the recycle bin again.
        phone.exists = true;
        return;
    }
    match phone.status {
        status::EXPIRED if chance(rng, 0.3) => phone.exists = false,
        status::EXPIRED => {
            phone.status = status::SHUT_DOWN;
            phone.monthly_expire = wall + MONTH_SECONDS;
        }
        status::SHUT_DOWN if chance(rng, 0.01) => phone.exists = false,
        status::SHUT_DOWN if phone.charge_mode == MONTHLY && chance(rng, 0.01) => {
            phone.monthly_expire = wall;
            expire(phone);
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
