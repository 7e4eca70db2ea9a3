//! What is shown of wallet and plan.

use tokio::sync::watch;
use tokio::time::Instant;

use crate::api_metrics::ApiMetrics;
use crate::metrics::{GaugeVec, Registry, metrics};
use geelark_client::money::{Plan, Wallet};

metrics! {
    /// Wallet and plan of one account. A value that is not known has no series.
    pub(crate) struct BillingMetrics(account) {
        wallet_balance: GaugeVec = "geelark_wallet_balance",
            "Money in the account's wallet (field balance of /open/v1/pay/wallet). Absent while it could not be read \
             lately, like all of wallet and plan.";
        wallet_gift_balance: GaugeVec = "geelark_wallet_gift_balance",
            "Gift money in the account's wallet (field giftMoney of /open/v1/pay/wallet).";
        wallet_time_addon: GaugeVec = "geelark_wallet_time_addon_seconds",
            "Running time bought ahead that is left (field availableTimeAddOn of /open/v1/pay/wallet, which counts minutes).";
        plan_expiration: GaugeVec = "geelark_plan_expiration_timestamp_seconds",
            "When the account's plan ends, in seconds since the Unix epoch (field expirationTime of /open/v1/pay/plan/info); \
             absent for a plan without an end.";
        plan_profiles: GaugeVec = "geelark_plan_profiles",
            "Phones that the plan has room for (field profiles of /open/v1/pay/plan/info).";
        plan_profiles_available: GaugeVec = "geelark_plan_profiles_available",
            "Phones that may still be created (field availableProfiles of /open/v1/pay/plan/info).";
        plan_monthly_rentals: GaugeVec = "geelark_plan_monthly_rentals",
            "Phones rented by the month (field monthlyRental of /open/v1/pay/plan/info).";
        plan_monthly_rentals_available: GaugeVec = "geelark_plan_monthly_rentals_available",
            "Phones that may still be rented by the month (field availableMonthlyRentals of /open/v1/pay/plan/info).";
        plan_parallels: GaugeVec = "geelark_plan_parallels",
            "Phones that may run at once at no extra charge (field parallels of /open/v1/pay/plan/info).";
        plan_monthly_fee: GaugeVec = "geelark_plan_monthly_fee",
            "What the plan costs a month (field monthlyFee of /open/v1/pay/plan/info).";
    }
}

/// A value that was read, and until when it is shown; `None` before the first read.
pub(crate) type LastRead<D> = Option<(D, Instant)>;

/// What is shown of one account's wallet and plan, and what was read last. It outlives the task, so that a reload shows it
/// on. A cheap handle.
#[derive(Clone, Debug)]
pub(crate) struct BillingStatus {
    pub(crate) api: ApiMetrics,
    pub(crate) metrics: BillingMetrics,
    pub(crate) wallet: watch::Sender<LastRead<Wallet>>,
    pub(crate) plan: watch::Sender<LastRead<Plan>>,
}

impl BillingStatus {
    pub(crate) fn new(registry: &Registry, account: &str, api: ApiMetrics) -> Self {
        Self {
            api,
            metrics: BillingMetrics::new(registry, account),
            wallet: watch::Sender::default(),
            plan: watch::Sender::default(),
        }
    }
}

impl BillingMetrics {
    pub(crate) fn show_wallet(&self, wallet: Wallet) {
        set(&self.wallet_balance, wallet.balance);
        set(&self.wallet_gift_balance, wallet.gift_balance);
        set(&self.wallet_time_addon, wallet.time_addon);
    }

    pub(crate) fn show_plan(&self, plan: Plan) {
        #[expect(clippy::cast_precision_loss, reason = "counts and times are far below 2^53")]
        let whole = |value: Option<i64>| value.map(|value| value as f64);
        set(&self.plan_expiration, whole(plan.expires.map(|time| time.0)));
        set(&self.plan_profiles, whole(plan.profiles));
        set(&self.plan_profiles_available, whole(plan.profiles_available));
        set(&self.plan_monthly_rentals, whole(plan.monthly_rentals));
        set(
            &self.plan_monthly_rentals_available,
            whole(plan.monthly_rentals_available),
        );
        set(&self.plan_parallels, whole(plan.parallels));
        set(&self.plan_monthly_fee, plan.monthly_fee);
    }
}

/// Shows `value`, or nothing.
fn set(gauge: &GaugeVec, value: Option<f64>) {
    match value {
        Some(value) => gauge.with_label_values::<&str>(&[]).set(value),
        None => gauge.reset(),
    }
}
