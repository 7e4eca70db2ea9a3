//! What `/open/v1/pay/wallet` and `/open/v1/pay/plan/info` answer.
//!
//! Every field is read by itself: one that is missing or makes no sense is nothing known, and its neighbours stand.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::envelope::{Data, DecodeError, decode_error};
use super::scalar;
use crate::clock::UnixTime;

/// The body of both calls: nothing to say, in JSON.
pub(super) const QUESTION: &[u8] = b"{}";

const SECONDS_PER_MINUTE: f64 = 60.0;

/// What is in an account's wallet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wallet {
    /// Money.
    pub balance: Option<f64>,
    /// Money that was a gift.
    pub gift_balance: Option<f64>,
    /// Running time bought ahead, in seconds.
    pub time_addon: Option<f64>,
}

/// What an account's plan allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// When it ends.
    pub expires: Option<UnixTime>,
    /// Phones it has room for.
    pub profiles: Option<i64>,
    /// Of these, how many are still to be created.
    pub profiles_available: Option<i64>,
    /// Phones rented by the month.
    pub monthly_rentals: Option<i64>,
    /// How many more may be.
    pub monthly_rentals_available: Option<i64>,
    /// Phones that may run at once at no extra charge.
    pub parallels: Option<i64>,
    /// What it costs a month.
    pub monthly_fee: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WalletData<'a> {
    #[serde(borrow)]
    balance: Option<&'a RawValue>,
    #[serde(borrow)]
    gift_money: Option<&'a RawValue>,
    /// Minutes.
    #[serde(borrow)]
    available_time_add_on: Option<&'a RawValue>,
}

impl Data for Wallet {
    fn read(data: &RawValue) -> Result<Self, DecodeError> {
        let data: WalletData = serde_json::from_str(data.get()).map_err(|error| decode_error("its data", &error))?;
        Ok(Self {
            balance: data.balance.and_then(scalar::number),
            gift_balance: data.gift_money.and_then(scalar::number),
            time_addon: data
                .available_time_add_on
                .and_then(scalar::number)
                .map(|minutes| minutes * SECONDS_PER_MINUTE),
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PlanData<'a> {
    #[serde(borrow)]
    expiration_time: Option<&'a RawValue>,
    #[serde(borrow)]
    profiles: Option<&'a RawValue>,
    #[serde(borrow)]
    available_profiles: Option<&'a RawValue>,
    #[serde(borrow)]
    monthly_rental: Option<&'a RawValue>,
    #[serde(borrow)]
    available_monthly_rentals: Option<&'a RawValue>,
    #[serde(borrow)]
    parallels: Option<&'a RawValue>,
    #[serde(borrow)]
    monthly_fee: Option<&'a RawValue>,
}

impl Data for Plan {
    fn read(data: &RawValue) -> Result<Self, DecodeError> {
        let data: PlanData = serde_json::from_str(data.get()).map_err(|error| decode_error("its data", &error))?;
        Ok(Self {
            // A plan that does not end has no end; 0 is not one that ended long ago.
            expires: data
                .expiration_time
                .and_then(scalar::integer)
                .filter(|seconds| *seconds > 0)
                .map(UnixTime),
            profiles: data.profiles.and_then(scalar::integer),
            profiles_available: data.available_profiles.and_then(scalar::integer),
            monthly_rentals: data.monthly_rental.and_then(scalar::integer),
            monthly_rentals_available: data.available_monthly_rentals.and_then(scalar::integer),
            parallels: data.parallels.and_then(scalar::integer),
            monthly_fee: data.monthly_fee.and_then(scalar::number),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<D: Data>(json: &str) -> Result<D, DecodeError> {
        D::read(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn a_wallet_counts_its_time_in_seconds() {
        let wallet: Wallet = read(r#"{"balance": 12.34, "giftMoney": 0, "availableTimeAddOn": 90}"#).unwrap();
        let expected = Wallet {
            balance: Some(12.34),
            gift_balance: Some(0.0),
            time_addon: Some(5400.0),
        };
        assert_eq!(wallet, expected);
    }

    #[test]
    fn a_plan_is_read_field_by_field() {
        let plan: Plan = read(
            r#"{"plan": 1, "profiles": 1000, "availableProfiles": "700", "monthlyRental": 5, "availableMonthlyRentals": 0,
                "parallels": 100, "expirationTime": 1800000000, "monthlyFee": "99.90"}"#,
        )
        .unwrap();
        let expected = Plan {
            expires: Some(UnixTime(1_800_000_000)),
            profiles: Some(1000),
            profiles_available: Some(700),
            monthly_rentals: Some(5),
            monthly_rentals_available: Some(0),
            parallels: Some(100),
            monthly_fee: Some(99.9),
        };
        assert_eq!(plan, expected);
    }

    #[test]
    fn a_field_that_makes_no_sense_spoils_no_other() {
        let wallet: Wallet =
            read(r#"{"balance": {}, "giftMoney": "NaN", "availableTimeAddOn": "1.5", "new": 1}"#).unwrap();
        let expected = Wallet {
            time_addon: Some(90.0),
            ..Wallet::default()
        };
        assert_eq!(wallet, expected);
        let plan: Plan = read(r#"{"expirationTime": 0, "profiles": null, "parallels": -1}"#).unwrap();
        let expected = Plan {
            parallels: Some(-1),
            ..Plan::default()
        };
        assert_eq!(plan, expected);
    }

    #[test]
    fn data_of_another_shape_is_a_misfit() {
        for json in ["\"rich\"", "7", "true"] {
            assert!(read::<Wallet>(json).is_err(), "{json}");
            assert!(read::<Plan>(json).is_err(), "{json}");
        }
    }
}
