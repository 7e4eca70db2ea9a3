//! What an account has and may: the words in which money is spoken of. Whatever GeeLark does not say is `None`.

use serde::{Deserialize, Serialize};

use crate::clock::UnixTime;

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
