//! `POST /open/v1/pay/wallet` and `POST /open/v1/pay/plan/info`.

use serde_json::{Value, json};

use crate::fleet::{MONTHLY, SimulatedFleet};

const DAY_SECONDS: u64 = 24 * 60 * 60;

/// How long after the start of the simulator the plan expires.
const PLAN_SECONDS: i64 = 20 * 24 * 60 * 60;

/// How many monthly rentals the plan has room for.
const MONTHLY_RENTALS: usize = 1_000;

/// A wallet that loses a cent a second of the fleet's time and is filled up once a day.
pub(super) fn wallet(fleet: &SimulatedFleet) -> Value {
    let second = fleet.now.mul_f64(fleet.timeline.speed).as_secs() % DAY_SECONDS;
    json!({
        "balance": f64::from(100_000 - u32::try_from(second).unwrap_or(0)) / 100.0,
        "giftMoney": 12.5,
        "availableTimeAddOn": 6_000 - second / 60,
    })
}

pub(super) fn plan(fleet: &SimulatedFleet) -> Value {
    let phones = || fleet.phones().filter(|phone| phone.exists);
    let profiles = phones().count();
    let rentals = phones().filter(|phone| phone.charge_mode == MONTHLY).count();
    json!({
        "plan": 1,
        // The smallest plan with room; plans come in thousands.
        "profiles": (profiles / 1_000 + 1) * 1_000,
        "availableProfiles": 1_000 - profiles % 1_000,
        "monthlyRental": rentals,
        "availableMonthlyRentals": MONTHLY_RENTALS.saturating_sub(rentals),
        "parallels": 100,
        "expirationTime": fleet.timeline.start + PLAN_SECONDS,
        "monthlyFee": 99.0,
    })
}
