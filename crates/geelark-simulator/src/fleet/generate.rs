//! Generates phones: those of a new fleet, and those that are added later.

use fastrand::Rng;

use super::phone::{MONTHLY, SimulatedPhone, status};

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

const GROUPS: [&str; 3] = ["farm-a", "farm-b", "farm-c"];
const TAGS: [&str; 4] = ["prod", "test", "warmup", "vip"];

/// From this size on, a fleet begins with every status in it.
const COMPLETE: usize = 8;

/// A phone that was just ordered: shut down, billed by the minute. Numbers begin at 1.
pub(super) fn new_phone(id: String, number: usize, rng: &mut Rng) -> SimulatedPhone {
    let remark = if number.is_multiple_of(5) {
        "ask Li before use"
    } else {
        ""
    };
    let tags = TAGS.iter().filter(|_| rng.u8(..3) == 0);
    SimulatedPhone {
        id,
        serial_name: name(number),
        serial_no: number,
        status: status::SHUT_DOWN,
        exists: true,
        frozen: false,
        group: GROUPS[(number - 1) % GROUPS.len()].to_owned(),
        remark: remark.to_owned(),
        tags: tags.map(ToString::to_string).collect(),
        charge_mode: 0,
        monthly_expire: 0,
        rpa_status: 0,
    }
}

/// An id as long as GeeLark's ids, with the same first digits.
pub(super) fn id(rng: &mut Rng) -> String {
    format!("5887{:014}", rng.u64(..100_000_000_000_000))
}

/// A name as people type it, with the characters that are hard to put into a label.
///
/// Twenty numbers in a row have every kind of name.
pub(super) fn name(number: usize) -> String {
    match number % 20 {
        2 => format!("云手机 {number:03} 号"),
        4 => format!("📱 shop {number:03} 🇩🇪"),
        6 => format!("\"Anna's\" phone {number:03}"),
        8 => format!("C:\\farm\\{number:03}\\"),
        10 => format!("line one {number:03}\nline two"),
        12 => "duplicate".to_owned(),
        14 => String::new(),
        16 => format!("{{id=\"{number:03}\"}} # HELP\r\n\ttabbed"),
        18 => format!("متجر {number:03}"),
        1 | 11 => format!("shop-{number:03}"),
        5 | 15 => format!("warm up {number:03}"),
        _ => format!("us-tiktok-{number:03}"),
    }
}

/// Gives a new phone a status and a rental that began before the fleet. Every rank below `phones` occurs once; a phone
/// with a higher rank does not exist. `now` is in seconds since the Unix epoch.
pub(super) fn add_history(phone: &mut SimulatedPhone, rank: usize, phones: usize, rng: &mut Rng, now: i64) {
    // Most phones are shut down or started; a few boot, a few have expired.
    let few = (phones / 25).max(usize::from(phones >= COMPLETE));
    let started = phones * 2 / 5;
    phone.status = match rank.checked_sub(started) {
        None => status::STARTED,
        Some(rest) if rest < few => status::STARTING,
        Some(rest) if rest < 2 * few => status::EXPIRED,
        Some(_) => status::SHUT_DOWN,
    };
    if rank >= phones {
        (phone.exists, phone.frozen) = (false, true);
        return;
    }
    phone.rpa_status = u8::from(phone.status == status::STARTED && rng.u8(..10) < 3);
    let is_expired = phone.status == status::EXPIRED;
    if is_expired || rng.u8(..10) < 4 {
        phone.charge_mode = MONTHLY;
        phone.monthly_expire = now
            + match rng.u8(..20) {
                _ if is_expired => -rng.i64(HOUR..20 * DAY),
                0 => rng.i64(HOUR / 4..3 * DAY),
                _ => rng.i64(3 * DAY..30 * DAY),
            };
    }
}
