//! Generates phones: those of a new fleet, and those that are added later.

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

/// The phones and the missing ids, mixed like a list that grew over years.
pub(super) fn population(options: &Options, rng: &mut Rng, now: i64) -> Vec<Phone> {
    let mut statuses: Vec<Option<i64>> = statuses(options.phones).into_iter().map(Some).collect();
    statuses.resize(options.phones + options.missing, None);
    rng.shuffle(&mut statuses);
    let mut taken = HashSet::with_capacity(statuses.len());
    let mut phones = Vec::with_capacity(statuses.len());
    for (index, status) in statuses.into_iter().enumerate() {
        let mut phone = new_phone(index, rng, |id| taken.contains(id));
        taken.insert(phone.id.clone());
        if let Some(status) = status {
            add_history(&mut phone, status, rng, now);
        } else {
            (phone.exists, phone.frozen) = (false, true);
        }
        phones.push(phone);
    }
    phones
}

/// A phone that was just ordered: shut down, billed by the minute.
pub(super) fn new_phone(index: usize, rng: &mut Rng, taken: impl Fn(&str) -> bool) -> Phone {
    let number = index + 1;
    let id = loop {
        // As long as GeeLark's ids, with the same first digits.
        let id = format!("5887{:014}", rng.u64(..100_000_000_000_000));
        if !taken(&id) {
            break id;
        }
    };
    let remark = if number.is_multiple_of(5) {
        "ask Li before use"
    } else {
        ""
    };
    let tags = TAGS.iter().filter(|_| rng.u8(..3) == 0);
    Phone {
        id,
        serial_name: names::name(number),
        serial_no: number,
        status: status::SHUT_DOWN,
        exists: true,
        frozen: false,
        group: GROUPS[index % GROUPS.len()].to_owned(),
        remark: remark.to_owned(),
        tags: tags.map(ToString::to_string).collect(),
        charge_mode: 0,
        monthly_expire: 0,
        rpa_status: 0,
    }
}

/// Gives a new phone a status and a rental that began before the fleet.
fn add_history(phone: &mut Phone, status: i64, rng: &mut Rng, now: i64) {
    phone.status = status;
    phone.rpa_status = u8::from(status == status::STARTED && rng.u8(..10) < 3);
    let expired = status == status::EXPIRED;
    if expired || rng.u8(..10) < 4 {
        phone.charge_mode = MONTHLY;
        phone.monthly_expire = now
            + match rng.u8(..20) {
                _ if expired => -rng.i64(HOUR..20 * DAY),
                0 => rng.i64(HOUR / 4..3 * DAY),
                _ => rng.i64(3 * DAY..30 * DAY),
            };
    }
}

/// Most phones are shut down or started; a few boot, a few have expired.
fn statuses(phones: usize) -> Vec<i64> {
    let at_least = usize::from(phones >= COMPLETE);
    let few = (phones / 25).max(at_least);
    let started = phones * 2 / 5;
    let mut statuses = vec![status::SHUT_DOWN; phones];
    statuses[..started].fill(status::STARTED);
    statuses[started..started + few].fill(status::STARTING);
    statuses[started + few..started + 2 * few].fill(status::EXPIRED);
    statuses
}
