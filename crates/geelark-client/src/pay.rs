//! `/open/v1/pay/wallet` and `/open/v1/pay/plan/info`: what an account has and may use.
//!
//! A field that is missing or makes no sense is `None`, and affects no other field.

use serde::{Deserialize, Serialize};

use super::call::Endpoint;
use super::envelope::ResponseData;
use super::json::{fields, integer, number};
use crate::clock::UnixTime;

const SECONDS_PER_MINUTE: f64 = 60.0;

/// The wallet of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wallet {
    /// Money.
    pub balance: Option<f64>,
    /// Money that was a gift.
    pub gift_balance: Option<f64>,
    /// Prepaid running time, in seconds.
    pub time_addon: Option<f64>,
}

/// The plan of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// When it ends; `None` for a plan without an end.
    pub expires: Option<UnixTime>,
    /// The largest number of phones.
    pub profiles: Option<i64>,
    /// How many phones may still be created.
    pub profiles_available: Option<i64>,
    /// Phones that are rented by the month.
    pub monthly_rentals: Option<i64>,
    /// How many phones may still be rented by the month.
    pub monthly_rentals_available: Option<i64>,
    /// Phones that may run at the same time at no extra charge.
    pub parallels: Option<i64>,
    /// The price of a month.
    pub monthly_fee: Option<f64>,
}

impl ResponseData for Wallet {
    const ENDPOINT: Endpoint = Endpoint::PayWallet;

    fn read(data: &str) -> Result<Self, serde_json::Error> {
        let names = ["balance", "giftMoney", "availableTimeAddOn"];
        let [balance, gift_balance, minutes] = fields(data, names)?.map(number);
        Ok(Self {
            balance,
            gift_balance,
            time_addon: minutes.map(|minutes| minutes * SECONDS_PER_MINUTE),
        })
    }
}

impl ResponseData for Plan {
    const ENDPOINT: Endpoint = Endpoint::PayPlanInfo;

    fn read(data: &str) -> Result<Self, serde_json::Error> {
        let names = [
            "expirationTime",
            "profiles",
            "availableProfiles",
            "monthlyRental",
            "availableMonthlyRentals",
            "parallels",
            "monthlyFee",
        ];
        let [
            expires,
            profiles,
            profiles_available,
            rentals,
            rentals_available,
            parallels,
            fee,
        ] = fields(data, names)?;
        Ok(Self {
            // A plan without an end has 0 here.
            expires: integer(expires).filter(|seconds| *seconds > 0).map(UnixTime),
            profiles: integer(profiles),
            profiles_available: integer(profiles_available),
            monthly_rentals: integer(rentals),
            monthly_rentals_available: integer(rentals_available),
            parallels: integer(parallels),
            monthly_fee: number(fee),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<D: ResponseData>(json: &str) -> Result<D, serde_json::Error> {
        D::read(json)
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
    fn a_bad_field_affects_no_other_field() {
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
    fn data_of_another_shape_is_an_error() {
        for json in ["\"rich\"", "7", "true"] {
            assert!(read::<Wallet>(json).is_err(), "{json}");
            assert!(read::<Plan>(json).is_err(), "{json}");
        }
    }
}
