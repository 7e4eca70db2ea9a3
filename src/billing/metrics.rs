//! The gauges of wallet and plan. Each exists only while its value is known.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::metrics::{Registry, ShowValue, Shown, metrics};
use geelark_client::clock::{ElapsedSinceSave, Timestamp, UnixMillis};
use geelark_client::{Plan, Wallet};

/// A wallet or plan from before a restart is shown at most this long without being read again.
const RESTORED_FOR: Duration = Duration::from_mins(30);

metrics! {
    /// The wallet of one account.
    pub struct WalletMetrics["account"] {
        balance: Gauge = "geelark_wallet_balance",
            "Money in the account's wallet (field balance of /open/v1/pay/wallet). Absent while it could not be read lately, like all of wallet and plan.";
        gift_balance: Gauge = "geelark_wallet_gift_balance",
            "Gift money in the account's wallet (field giftMoney of /open/v1/pay/wallet).";
        time_addon: Gauge = "geelark_wallet_time_addon_seconds",
            "Prepaid running time that is left (field availableTimeAddOn of /open/v1/pay/wallet, which counts minutes).";
    }
}

metrics! {
    /// The plan of one account.
    pub struct PlanMetrics["account"] {
        expiration: Gauge = "geelark_plan_expiration_timestamp_seconds",
            "When the account's plan ends, in seconds since the Unix epoch (field expirationTime of /open/v1/pay/plan/info); absent for a plan without an end.";
        profiles: Gauge = "geelark_plan_profiles",
            "Phones that the plan has room for (field profiles of /open/v1/pay/plan/info).";
        profiles_available: Gauge = "geelark_plan_profiles_available",
            "Phones that may still be created (field availableProfiles of /open/v1/pay/plan/info).";
        monthly_rentals: Gauge = "geelark_plan_monthly_rentals",
            "Phones rented by the month (field monthlyRental of /open/v1/pay/plan/info).";
        monthly_rentals_available: Gauge = "geelark_plan_monthly_rentals_available",
            "Phones that may still be rented by the month (field availableMonthlyRentals of /open/v1/pay/plan/info).";
        parallels: Gauge = "geelark_plan_parallels",
            "Phones that may run at once at no extra charge (field parallels of /open/v1/pay/plan/info).";
        monthly_fee: Gauge = "geelark_plan_monthly_fee",
            "What the plan costs a month (field monthlyFee of /open/v1/pay/plan/info).";
    }
}

/// A value that was read, and the time until which it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expiring<V, T = UnixMillis> {
    /// The value.
    pub value: V,
    /// When its time is over: an instant of this process, or a time of the wall clock for a later process.
    pub until: T,
}

impl ShowValue for WalletMetrics {
    type Value = Option<Expiring<Wallet, Instant>>;

    fn show(&self, shown: Self::Value) {
        let wallet = shown.map(|shown| shown.value).unwrap_or_default();
        self.balance.set(wallet.balance);
        self.gift_balance.set(wallet.gift_balance);
        self.time_addon.set(wallet.time_addon);
    }
}

impl ShowValue for PlanMetrics {
    type Value = Option<Expiring<Plan, Instant>>;

    fn show(&self, shown: Self::Value) {
        let plan = shown.map(|shown| shown.value).unwrap_or_default();
        self.expiration.set(plan.expires);
        self.profiles.set(plan.profiles);
        self.profiles_available.set(plan.profiles_available);
        self.monthly_rentals.set(plan.monthly_rentals);
        self.monthly_rentals_available.set(plan.monthly_rentals_available);
        self.parallels.set(plan.parallels);
        self.monthly_fee.set(plan.monthly_fee);
    }
}

/// What is known of one account's wallet and plan. It outlives the task that reads them, so that a reload shows it on.
pub struct BillingStatus {
    /// The wallet.
    pub wallet: Shown<WalletMetrics>,
    /// The plan.
    pub plan: Shown<PlanMetrics>,
}

impl BillingStatus {
    /// Nothing known of `account`.
    pub fn new(registry: &Registry, account: &str) -> Self {
        Self {
            wallet: Shown::of(WalletMetrics::new(registry, &[account])),
            plan: Shown::of(PlanMetrics::new(registry, &[account])),
        }
    }
}

impl<V> Expiring<V, Instant> {
    /// For a later process; `None` if the time is over.
    pub fn saved(self, now: Timestamp) -> Option<Expiring<V>> {
        let until = now.millis_at(self.until.into_std());
        (self.until > Instant::now()).then_some(Expiring {
            value: self.value,
            until,
        })
    }
}

impl<V> Expiring<V> {
    /// As an earlier process would have shown it, at most `RESTORED_FOR`; `None` if the time is over, or if the age of the
    /// state is unknown.
    pub fn restored(self, elapsed: ElapsedSinceSave) -> Option<Expiring<V, Instant>> {
        elapsed.elapsed()?;
        let until = elapsed.later(self.until, RESTORED_FOR)?.into();
        Some(Expiring {
            value: self.value,
            until,
        })
    }
}
