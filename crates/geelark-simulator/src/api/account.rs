//! `POST /open/v1/pay/wallet` and `POST /open/v1/pay/plan/info`.

use serde::Serialize;

use crate::fleet::Fleet;

const DAY_SECONDS: u64 = 24 * 60 * 60;

/// What the plan has room for.
const MONTHLY_RENTALS: usize = 1_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wallet {
    balance: f64,
    gift_money: f64,
    available_time_add_on: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are GeeLark's")]
pub(super) struct Plan {
    plan: u8,
    profiles: usize,
    available_profiles: usize,
    monthly_rental: usize,
    available_monthly_rentals: usize,
    parallels: usize,
    expiration_time: i64,
    monthly_fee: f64,
}

/// A wallet that empties over a day of the fleet's lifecycle and is filled up again.
pub(super) fn wallet(fleet: &Fleet) -> Wallet {
    let second = fleet.age().as_secs() % DAY_SECONDS;
    // A cent each ten seconds, counted in whole cents so that the amount has two decimals.
    let cents = 100_000 - u32::try_from(second / 10).unwrap_or(0) * 10;
    Wallet {
        balance: f64::from(cents) / 100.0,
        gift_money: 12.5,
        available_time_add_on: 6_000 - second / 60,
    }
}

pub(super) fn plan(fleet: &Fleet, began: i64) -> Plan {
    let alive = fleet.phones().filter(|phone| phone.exists);
    let (profiles, rentals) = alive.fold((0, 0), |(profiles, rentals), phone| {
        (profiles + 1, rentals + usize::from(phone.charge_mode == 1))
    });
    Plan {
        plan: 1,
        // The smallest plan with room: they come in thousands.
        profiles: (profiles / 1_000 + 1) * 1_000,
        available_profiles: 1_000 - profiles % 1_000,
        monthly_rental: rentals,
        available_monthly_rentals: MONTHLY_RENTALS.saturating_sub(rentals),
        parallels: 100,
        expiration_time: began + 20 * 24 * 60 * 60,
        monthly_fee: 99.0,
    }
}
