//! Wallets and plans: gauges that vanish by themselves when nobody has read their values again.
//!
//! Always true: no value is shown after the instant until which whoever posted it vouches for it, even if that one is gone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{GaugeVec, Result};
use tokio::time::Instant;

use super::catalog::MetricInfo;
use super::definitions;
use super::metrics::{Registrar, opts};
use geelark_client::money::{Plan, Wallet};

/// What was read, and until when it may be shown.
pub type Expiring<T> = Option<(T, Instant)>;

/// Every account's wallet and plan, as the gauges of the `prometheus` crate.
#[derive(Clone)]
pub(super) struct Money(Arc<Inner>);

struct Inner {
    accounts: Mutex<BTreeMap<Arc<str>, Account>>,
    gauges: Vec<(GaugeVec, Value)>,
}

#[derive(Clone, Copy, Default)]
struct Account {
    wallet: RenderedBatch<Wallet>,
    plan: RenderedBatch<Plan>,
    /// The plan's parallels may be compared with the phones that are shown.
    whole_fleet: bool,
}

/// Something that is true until some instant.
#[derive(Clone, Copy, Default)]
struct RenderedBatch<T>(Option<(T, Instant)>);

impl<T: Copy> RenderedBatch<T> {
    fn at(&self, now: Instant) -> Option<T> {
        self.0.filter(|(_, until)| now < *until).map(|(it, _)| it)
    }
}

/// Where a gauge's value comes from.
#[derive(Clone, Copy)]
enum Value {
    Wallet(fn(Wallet) -> Option<f64>),
    Plan(fn(Plan) -> Option<f64>),
}

const GAUGES: [(&MetricInfo, Value); 10] = [
    (&definitions::WALLET_BALANCE, Value::Wallet(|wallet| wallet.balance)),
    (
        &definitions::WALLET_GIFT_BALANCE,
        Value::Wallet(|wallet| wallet.gift_balance),
    ),
    (
        &definitions::WALLET_TIME_ADDON,
        Value::Wallet(|wallet| wallet.time_addon),
    ),
    (
        &definitions::PLAN_EXPIRATION,
        Value::Plan(|plan| whole(plan.expires.map(|time| time.0))),
    ),
    (&definitions::PLAN_PROFILES, Value::Plan(|plan| whole(plan.profiles))),
    (
        &definitions::PLAN_PROFILES_AVAILABLE,
        Value::Plan(|plan| whole(plan.profiles_available)),
    ),
    (
        &definitions::PLAN_MONTHLY_RENTALS,
        Value::Plan(|plan| whole(plan.monthly_rentals)),
    ),
    (
        &definitions::PLAN_MONTHLY_RENTALS_AVAILABLE,
        Value::Plan(|plan| whole(plan.monthly_rentals_available)),
    ),
    (&definitions::PLAN_PARALLELS, Value::Plan(|plan| whole(plan.parallels))),
    (&definitions::PLAN_MONTHLY_FEE, Value::Plan(|plan| plan.monthly_fee)),
];

#[expect(clippy::cast_precision_loss, reason = "counts and times are far below 2^53")]
fn whole(value: Option<i64>) -> Option<f64> {
    value.map(|value| value as f64)
}

impl Money {
    /// Nobody's money.
    pub(super) fn new(add: &Registrar) -> Self {
        let gauge = |(info, value): &(&MetricInfo, Value)| Ok((GaugeVec::new(opts(info), &info.labels)?, *value));
        let gauges: Result<Vec<_>> = GAUGES.iter().map(gauge).collect();
        add.add(gauges.map(|gauges| {
            Self(Arc::new(Inner {
                accounts: Mutex::default(),
                gauges,
            }))
        }))
    }

    pub(super) fn post_wallet(&self, account: &Arc<str>, wallet: Wallet, until: Instant) {
        self.accounts().entry(account.clone()).or_default().wallet = RenderedBatch(Some((wallet, until)));
    }

    pub(super) fn post_plan(&self, account: &Arc<str>, plan: Plan, until: Instant, whole_fleet: bool) {
        let mut accounts = self.accounts();
        let account = accounts.entry(account.clone()).or_default();
        (account.plan, account.whole_fleet) = (RenderedBatch(Some((plan, until))), whole_fleet);
    }

    /// What is shown of the account, each with the instant until which it is.
    pub(super) fn posted(&self, account: &str) -> (Expiring<Wallet>, Expiring<Plan>) {
        let now = Instant::now();
        let accounts = self.accounts();
        let account = accounts.get(account).copied().unwrap_or_default();
        let (RenderedBatch(wallet), RenderedBatch(plan)) = (account.wallet, account.plan);
        (
            wallet.filter(|(_, until)| now < *until),
            plan.filter(|(_, until)| now < *until),
        )
    }

    pub(super) fn forget(&self, account: &str) {
        self.accounts().remove(account);
    }

    /// How many phones of the account may run at once at no extra charge, if all phones of the account are watched here.
    pub(super) fn parallels(&self, account: &str) -> Option<i64> {
        let accounts = self.accounts();
        let account = accounts.get(account).filter(|account| account.whole_fleet)?;
        account
            .plan
            .at(Instant::now())?
            .parallels
            .filter(|parallels| *parallels >= 0)
    }

    fn accounts(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Account>> {
        // Every change is one assignment; a poisoned lock still guards a sound map.
        self.0.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Collector for Money {
    fn desc(&self) -> Vec<&Desc> {
        self.0.gauges.iter().flat_map(|(gauge, _)| gauge.desc()).collect()
    }

    /// The gauges are filled anew each time, under the lock, so that none keeps what is no longer true.
    fn collect(&self) -> Vec<MetricFamily> {
        let now = Instant::now();
        let accounts = self.accounts();
        let mut families = Vec::with_capacity(self.0.gauges.len());
        for (gauge, value) in &self.0.gauges {
            gauge.reset();
            for (name, account) in &*accounts {
                let value = match value {
                    Value::Wallet(of) => account.wallet.at(now).and_then(of),
                    Value::Plan(of) => account.plan.at(now).and_then(of),
                };
                if let Some(value) = value {
                    gauge.with_label_values(&[&**name]).set(value);
                }
            }
            families.extend(gauge.collect());
        }
        families
    }
}
