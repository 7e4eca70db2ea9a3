//! What the exporter says of itself: its polling, its calls, its build, its configuration, its process.
//!
//! These are few, so the `prometheus` crate keeps them and they are rendered at every scrape.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus::core::{Collector, Metric, MetricVec, MetricVecBuilder};
use prometheus::{
    Encoder, Gauge, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    Result, TextEncoder,
};
use tokio::time::Instant;

use super::catalog::MetricInfo;
use super::definitions;
use super::discovery::{self, DiscoveryMetrics};
use super::money::{Expiring, Money};
use super::reasons::Reasons;
use super::webhook::{self, WebhookMetrics};
use geelark_client::clock::UnixTime;
use geelark_client::money::{Plan, Wallet};

/// From a good answer to longer than the longest sensible timeout.
const SECONDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Reasons of failures after which no complete answer had come: their time says nothing about how fast GeeLark answers.
const WITHOUT_ANSWER: [&str; 4] = ["timeout", "connect", "tls", "body"];

/// Where this binary comes from; the labels of `geelark_exporter_build_info`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildInfo {
    /// The exporter's version.
    pub version: &'static str,
    /// The commit it was built from.
    pub revision: &'static str,
    /// The compiler's version.
    pub rustc: &'static str,
}

/// The exporter's own metrics. A cheap handle.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    up: IntGaugeVec,
    poll_last_success: IntGaugeVec,
    poll_last_duration: GaugeVec,
    poll_interval: GaugeVec,
    unanswered: IntGaugeVec,
    requests: IntCounterVec,
    failures: IntCounterVec,
    reasons: Reasons,
    durations: HistogramVec,
    budget: IntGaugeVec,
    locked_until: IntGaugeVec,
    discovery: discovery::Families,
    money: Money,
    webhook: webhook::Families,
    reload_successful: IntGauge,
    reload_success: IntGauge,
    state_successful: IntGaugeVec,
    state_written: IntGaugeVec,
}

/// One account's own metrics: gauges to set, and calls to count.
#[derive(Clone)]
pub struct AccountMetrics {
    metrics: Metrics,
    account: Arc<str>,
    /// 1 if the last round got an answer for every batch, else 0.
    pub up: IntGauge,
    /// Unix time of the end of the last round in which every batch was answered; 0 before the first.
    pub poll_last_success: IntGauge,
    /// Seconds the last round took.
    pub poll_last_duration: Gauge,
    /// Seconds from round to round, as far as the budget allows.
    pub poll_interval: Gauge,
    /// Ids that the last answers passed over.
    pub unanswered: IntGauge,
    /// Calls a minute that may be spent.
    pub budget: IntGauge,
    /// Unix time of the end of the present lock; 0 without one.
    pub locked_until: IntGauge,
}

impl Metrics {
    pub(super) fn new(build: BuildInfo) -> Self {
        let registry = Registry::new();
        let add = Registrar(&registry);
        add.int_gauges(&definitions::BUILD_INFO)
            .with_label_values(&[build.version, build.revision, build.rustc])
            .set(1);
        #[cfg(target_os = "linux")]
        add.process();
        Self(Arc::new(Inner {
            up: add.int_gauges(&definitions::UP),
            poll_last_success: add.int_gauges(&definitions::POLL_LAST_SUCCESS),
            poll_last_duration: add.gauges(&definitions::POLL_LAST_DURATION),
            poll_interval: add.gauges(&definitions::POLL_INTERVAL),
            unanswered: add.int_gauges(&definitions::POLL_UNANSWERED),
            requests: add.counters(&definitions::API_REQUESTS),
            failures: add.counters(&definitions::API_FAILURES),
            reasons: Reasons::default(),
            durations: add.histograms(&definitions::API_DURATION),
            budget: add.int_gauges(&definitions::API_BUDGET),
            locked_until: add.int_gauges(&definitions::API_LOCKED_UNTIL),
            discovery: discovery::Families::new(&add),
            money: Money::new(&add),
            webhook: webhook::Families::new(&add),
            reload_successful: add
                .int_gauges(&definitions::RELOAD_SUCCESSFUL)
                .with_label_values(NO_LABELS),
            reload_success: add
                .int_gauges(&definitions::RELOAD_SUCCESS)
                .with_label_values(NO_LABELS),
            state_successful: add.int_gauges(&definitions::STATE_SUCCESSFUL),
            state_written: add.int_gauges(&definitions::STATE_WRITTEN),
            registry,
        }))
    }

    /// The metrics of the account `name`; all its gauges exist from now on. RequestedPhone again, the same series.
    pub fn account(&self, name: &str) -> AccountMetrics {
        let all = &self.0;
        let label = &[name];
        AccountMetrics {
            metrics: self.clone(),
            account: name.into(),
            up: all.up.with_label_values(label),
            poll_last_success: all.poll_last_success.with_label_values(label),
            poll_last_duration: all.poll_last_duration.with_label_values(label),
            poll_interval: all.poll_interval.with_label_values(label),
            unanswered: all.unanswered.with_label_values(label),
            budget: all.budget.with_label_values(label),
            locked_until: all.locked_until.with_label_values(label),
        }
    }

    /// Shows the account `name` no more. To be called once nobody counts its calls any longer.
    pub fn forget(&self, name: &str) {
        let all = &self.0;
        for gauges in [
            &all.up,
            &all.poll_last_success,
            &all.unanswered,
            &all.budget,
            &all.locked_until,
        ] {
            forget(gauges, name);
        }
        for gauges in [&all.poll_last_duration, &all.poll_interval] {
            forget(gauges, name);
        }
        forget(&all.requests, name);
        forget(&all.failures, name);
        forget(&all.durations, name);
        all.discovery.forget(name);
        all.money.forget(name);
        all.webhook.forget(name);
    }

    /// How many phones of the account may run at once at no extra charge, where that can be compared with what is shown.
    pub(super) fn parallels(&self, account: &str) -> Option<i64> {
        self.0.money.parallels(account)
    }

    /// The configuration was read and is in force since `now`.
    pub fn config_reloaded(&self, now: UnixTime) {
        self.0.reload_successful.set(1);
        self.0.reload_success.set(now.0);
    }

    /// The configuration could not be read; the one before stays in force.
    pub fn config_reload_failed(&self) {
        self.0.reload_successful.set(0);
    }

    /// What is known was written to the folder of the state.
    pub fn state_written(&self, now: UnixTime) {
        self.0.state_successful.with_label_values(NO_LABELS).set(1);
        self.0.state_written.with_label_values(NO_LABELS).set(now.0);
    }

    /// What is known could not be written.
    pub fn state_not_written(&self) {
        self.0.state_successful.with_label_values(NO_LABELS).set(0);
        // Its series begins with the first try, so that nothing ever written can be told from nothing to write.
        self.0.state_written.with_label_values(NO_LABELS);
    }

    /// Appends all of them, sorted by name and labels. A family that has no series yet is named all the same.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let families = self.0.registry.gather();
        for definitions in definitions::all() {
            if families.iter().all(|family| family.name() != definitions.name) {
                definitions.write_header(out);
            }
        }
        #[expect(
            clippy::expect_used,
            reason = "a vector takes all writes, and gathered families have a name and samples"
        )]
        TextEncoder::new()
            .encode(&families, out)
            .expect("gathered families can be encoded");
    }
}

impl AccountMetrics {
    /// The account's name.
    pub fn account(&self) -> &Arc<str> {
        &self.account
    }

    /// What is shown of the account's discovery; it exists from now on.
    pub fn discovery(&self) -> DiscoveryMetrics {
        self.metrics.0.discovery.account(&self.account)
    }

    /// The account has no discovery any more.
    pub fn forget_discovery(&self) {
        self.metrics.0.discovery.forget(&self.account);
    }

    /// Shows `wallet` until `until`, or until it is replaced.
    pub fn wallet(&self, wallet: Wallet, until: Instant) {
        self.metrics.0.money.post_wallet(&self.account, wallet, until);
    }

    /// Shows `plan` until `until`, or until it is replaced. With the `whole_fleet` watched here, phones that run beyond the
    /// plan's parallels are shown too.
    pub fn plan(&self, plan: Plan, until: Instant, whole_fleet: bool) {
        self.metrics.0.money.post_plan(&self.account, plan, until, whole_fleet);
    }

    /// The wallet and the plan that are shown, each with the instant until which it is.
    pub fn money(&self) -> (Expiring<Wallet>, Expiring<Plan>) {
        self.metrics.0.money.posted(&self.account)
    }

    /// Wallet and plan are not asked for any more.
    pub fn forget_money(&self) {
        self.metrics.0.money.forget(&self.account);
    }

    /// What is counted of the account's webhook; it exists from now on.
    pub fn webhook(&self) -> WebhookMetrics {
        self.metrics.0.webhook.account(&self.account)
    }

    /// The account has no webhook any more.
    pub fn forget_webhook(&self) {
        self.metrics.0.webhook.forget(&self.account);
    }

    /// Makes the counter and the histogram of `endpoint` exist before its first call, so that `rate` sees that call.
    pub fn declare_endpoint(&self, endpoint: &'static str) {
        let labels = &[&*self.account, endpoint];
        self.metrics.0.requests.with_label_values(labels);
        self.metrics.0.durations.with_label_values(labels);
    }

    /// Counts a call that took `elapsed`; `failure` is the `reason` label if it failed.
    pub fn request(&self, endpoint: &'static str, elapsed: Duration, failure: Option<&str>) {
        let all = &self.metrics.0;
        let labels = &[&*self.account, endpoint];
        all.requests.with_label_values(labels).inc();
        if let Some(reason) = failure {
            let reason = all.reasons.admit(reason);
            all.failures
                .with_label_values(&[&*self.account, endpoint, reason])
                .inc();
        }
        if failure.is_none_or(|reason| !WITHOUT_ANSWER.contains(&reason)) {
            all.durations.with_label_values(labels).observe(elapsed.as_secs_f64());
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl fmt::Debug for AccountMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AccountMetrics").field(&self.account).finish()
    }
}

const NO_LABELS: &[&str] = &[];

/// Removes every series of the account from a family. Which reasons there are is known to the family alone, so it is asked.
pub(super) fn forget<B: MetricVecBuilder<M: Metric>>(series: &MetricVec<B>, account: &str) {
    for family in series.collect() {
        for metric in family.get_metric() {
            let labels: HashMap<_, _> = metric
                .get_label()
                .iter()
                .map(|pair| (pair.name(), pair.value()))
                .collect();
            if labels.get("account") == Some(&account) {
                // Fails only for a series that is not there any more.
                let _ = series.remove(&labels);
            }
        }
    }
}

/// Turns declarations into registered families.
pub(super) struct Registrar<'a>(&'a Registry);

impl Registrar<'_> {
    pub(super) fn int_gauges(&self, info: &MetricInfo) -> IntGaugeVec {
        self.add(IntGaugeVec::new(opts(info), &info.labels))
    }

    fn gauges(&self, info: &MetricInfo) -> GaugeVec {
        self.add(GaugeVec::new(opts(info), &info.labels))
    }

    pub(super) fn counters(&self, info: &MetricInfo) -> IntCounterVec {
        self.add(IntCounterVec::new(opts(info), &info.labels))
    }

    fn histograms(&self, info: &MetricInfo) -> HistogramVec {
        let opts = HistogramOpts::new(info.name, info.help).buckets(SECONDS.to_vec());
        self.add(HistogramVec::new(opts, &info.labels))
    }

    #[cfg(target_os = "linux")]
    fn process(&self) {
        self.register(prometheus::process_collector::ProcessCollector::for_self());
    }

    #[expect(
        clippy::expect_used,
        reason = "declarations are constants with legal names, as tests see"
    )]
    pub(super) fn add<C: Collector + Clone + 'static>(&self, family: Result<C>) -> C {
        let family = family.expect("a declaration is legal");
        self.register(family.clone());
        family
    }

    #[expect(
        clippy::expect_used,
        reason = "declarations are constants with different names, as tests see"
    )]
    fn register(&self, family: impl Collector + 'static) {
        self.0
            .register(Box::new(family))
            .expect("no metric is definitions twice");
    }
}

pub(super) fn opts(info: &MetricInfo) -> Opts {
    Opts::new(info.name, info.help)
}
