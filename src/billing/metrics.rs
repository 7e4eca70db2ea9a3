//! The gauges of wallet and plan. Each exists only while its value is known.

use std::convert::Infallible;
use std::sync::Arc;

use geelark_client::{Plan, Wallet};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::metrics::{Definition, Registry, ShowValue, metrics};

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

impl ShowValue for WalletMetrics {
    type Value = Wallet;

    fn show(&self, wallet: Wallet) {
        self.balance.set(wallet.balance);
        self.gift_balance.set(wallet.gift_balance);
        self.time_addon.set(wallet.time_addon);
    }
}

impl ShowValue for PlanMetrics {
    type Value = Plan;

    fn show(&self, plan: Plan) {
        self.expiration.set(plan.expires);
        self.profiles.set(plan.profiles);
        self.profiles_available.set(plan.profiles_available);
        self.monthly_rentals.set(plan.monthly_rentals);
        self.monthly_rentals_available.set(plan.monthly_rentals_available);
        self.parallels.set(plan.parallels);
        self.monthly_fee.set(plan.monthly_fee);
    }
}

/// A value that was read, shown by gauges until its time is over.
pub struct ExpiringGauges<G: ShowValue> {
    gauges: G,
    value: watch::Sender<Option<(G::Value, Instant)>>,
}

impl<G: ShowValue> ExpiringGauges<G> {
    fn new(gauges: G) -> Self {
        let value = watch::Sender::default();
        Self { gauges, value }
    }

    /// Shows `value` until `until`, or until it is replaced.
    pub fn show(&self, value: G::Value, until: Instant) {
        self.gauges.show(value);
        self.value.send_replace(Some((value, until)));
    }

    /// The value and the instant until which it is shown; `None` if none is known or its time is over.
    pub fn get(&self) -> Option<(G::Value, Instant)> {
        self.value.borrow().filter(|(_, until)| Instant::now() < *until)
    }

    /// Shows each value no more when its time is over. Never ends.
    pub(super) async fn keep_expiring(&self) -> Infallible {
        let mut changes = self.value.subscribe();
        loop {
            let until = changes.borrow_and_update().map(|(_, until)| until);
            tokio::select! {
                // The sender is ours, so this never fails.
                _ = changes.changed() => {}
                () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => {
                    self.gauges.show(G::Value::default());
                    self.value.send_replace(None);
                }
            }
        }
    }
}

/// What is known of one account's money. It outlives the task that reads it, so that a reload shows it on. A cheap handle.
#[derive(Clone)]
pub struct Money {
    /// The wallet.
    pub wallet: Arc<ExpiringGauges<WalletMetrics>>,
    /// The plan.
    pub plan: Arc<ExpiringGauges<PlanMetrics>>,
}

impl Money {
    /// Every metric of wallet and plan.
    pub const DEFINITIONS: [&[Definition]; 2] = [WalletMetrics::DEFINITIONS, PlanMetrics::DEFINITIONS];

    /// Nothing known of `account`.
    pub fn new(registry: &Registry, account: &str) -> Self {
        Self {
            wallet: Arc::new(ExpiringGauges::new(WalletMetrics::new(registry, &[account]))),
            plan: Arc::new(ExpiringGauges::new(PlanMetrics::new(registry, &[account]))),
        }
    }
}
