//! How phones come into being: the first population, and newcomers.

use std::collections::HashSet;

use fastrand::Rng;

use super::names;
use super::phone::{MONTHLY, Phone, status};
use crate::options::Options;

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

const GROUPS: [&str; 3] = ["farm-a", "farm-b", "farm-c"];
const TAGS: [&str; 4] = ["prod", "test", "warmup", "vip"];

/// From this size on, a fleet begins with every status in it.
const COMPLETE: usize = 8;

/// The phones and the ids without a phone, mixed as they would be in a list that grew over years.
pub(super) fn population(options: &Options, rng: &mut Rng, now: i64) -> Vec<Phone> {
    let mut statuses = statuses(options.phones, rng).into_iter();
    let mut real: Vec<bool> = (0..options.phones + options.missing)
        .map(|at| at < options.phones)
        .collect();
    rng.shuffle(&mut real);
    let mut taken = HashSet::with_capacity(real.len());
    let mut phones = Vec::with_capacity(real.len());
    for (index, real) in real.into_iter().enumerate() {
        let mut phone = newcomer(index, rng, |id| taken.contains(id));
        taken.insert(phone.id.clone());
        let status = if real { statuses.next() } else { None };
        if let Some(status) = status {
            inhabit(&mut phone, status, rng, now);
        } else {
            // It never was, and never comes.
            (phone.exists, phone.frozen) = (false, true);
        }
        phones.push(phone);
    }
    phones
}

/// A phone that was just ordered: shut down, billed by the minute.
pub(super) fn newcomer(index: usize, rng: &mut Rng, taken: impl Fn(&str) -> bool) -> Phone {
    let number = index + 1;
    let id = loop {
        // As long as GeeLark's, and from the same neighbourhood.
        let id = format!("5887{:014}", rng.u64(..100_000_000_000_000));
        if !taken(&id) {
            break id;
        }
    };
    Phone {
        id,
        serial_name: names::name(number),
        serial_no: number,
        status: status::SHUT_DOWN,
        exists: true,
        frozen: false,
        group: GROUPS[index % GROUPS.len()].to_owned(),
        remark: if number.is_multiple_of(5) {
            "ask Li before use"
        } else {
            ""
        }
        .to_owned(),
        tags: TAGS
            .iter()
            .filter(|_| rng.u8(..3) == 0)
            .map(|tag| (*tag).to_owned())
            .collect(),
        charge_mode: 0,
        monthly_expire: 0,
        rpa_status: 0,
    }
}

/// Gives a newcomer a past.
fn inhabit(phone: &mut Phone, status: i64, rng: &mut Rng, now: i64) {
    phone.status = status;
    phone.rpa_status = u8::from(status == status::STARTED && rng.u8(..10) < 3);
    if status == status::EXPIRED {
        phone.charge_mode = MONTHLY;
        phone.monthly_expire = now - rng.i64(HOUR..20 * DAY);
    } else if rng.u8(..10) < 4 {
        phone.charge_mode = MONTHLY;
        let soon = rng.u8(..20) == 0;
        phone.monthly_expire = now
            + if soon {
                rng.i64(HOUR / 4..3 * DAY)
            } else {
                rng.i64(3 * DAY..30 * DAY)
            };
    }
}

/// Most phones are shut down or started; a few boot, a few have expired.
fn statuses(phones: usize, rng: &mut Rng) -> Vec<i64> {
    let at_least = usize::from(phones >= COMPLETE);
    let few = (phones / 25).max(at_least);
    let started = phones * 2 / 5;
    let mut statuses = vec![status::SHUT_DOWN; phones];
    statuses[..started].fill(status::STARTED);
    statuses[started..started + few].fill(status::STARTING);
    statuses[started + few..started + 2 * few].fill(status::EXPIRED);
    rng.shuffle(&mut statuses);
    statuses
}
