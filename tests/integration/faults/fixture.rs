//! The fixture of the fault tests: an account with two batches, which gets the faults, and another account without faults.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Exporter, FAST, Samples, Upstream};

/// Settings of the account with faults. A status becomes stale after three rounds without an answer.
pub(super) const QUICK: &str = "    poll: {interval: 1s, timeout: 500ms, stale_after: 3s, transient_interval: 1h}
    budget: {requests_per_minute: 6000}";

/// The longest that a scrape may take during a fault.
const SCRAPE_LIMIT: Duration = Duration::from_millis(100);

/// The most that memory may grow during a fault. A body of 200 MB and a gzip bomb of 1 GB are far above it.
const MEMORY_LIMIT: u64 = 64 * 1024 * 1024;

/// An exporter with two accounts: `main` gets the faults, and `other` has a simulator of its own.
pub(super) struct Fixture {
    pub(super) upstream: Upstream,
    pub(super) exporter: Exporter,
    resident: u64,
    _other: Upstream,
}

/// Phones of the batch that [`Fixture::inject_into_batch`] affects.
pub(super) const FIRST_BATCH: usize = 100;
/// Phones of the other batch of the same account.
pub(super) const SECOND_BATCH: usize = 50;
/// Phones of the other account.
pub(super) const OTHER_ACCOUNT: usize = 5;

impl Fixture {
    /// Starts everything, and waits until every phone is shown.
    pub(super) async fn start() -> Self {
        let upstream = Upstream::start(&["--phones=150"]).await;
        let account = upstream.account("main", &upstream.ids, QUICK);
        Self::with(upstream, &account, async |config| Exporter::start(&config).await).await
    }

    /// Like [`Fixture::start`], with another `account` entry for the fleet of `upstream`, and another way to start.
    pub(super) async fn with(upstream: Upstream, account: &str, start: impl AsyncFnOnce(String) -> Exporter) -> Self {
        let other = Upstream::start(&["--phones=5", "--seed=2"]).await;
        let other_account = other.account("other", &other.ids, FAST);
        let exporter = start(format!("accounts:\n{account}{other_account}")).await;
        let fixture = Self {
            upstream,
            resident: exporter.resident(),
            exporter,
            _other: other,
        };
        fixture.wait_until_healthy().await;
        Self {
            resident: fixture.exporter.resident(),
            ..fixture
        }
    }

    /// Injects a fault into every call for the first batch, and into no other call.
    pub(super) async fn inject_into_batch(&self, fault: &str) {
        self.inject(&format!("{fault},id={}", self.upstream.ids[0])).await;
    }

    /// Injects a fault into every call of account `main`.
    pub(super) async fn inject(&self, fault: &str) {
        self.upstream.faults(json!([fault])).await;
    }

    /// Removes all faults.
    pub(super) async fn clear_faults(&self) {
        self.upstream.faults(json!([])).await;
    }

    /// Waits until the exporter has counted one more failure of `main` for this reason.
    pub(super) async fn expect_failure(&self, reason: &str) -> Samples {
        let labels = [("account", "main"), ("endpoint", "phone_status"), ("reason", reason)];
        let count = |samples: &Samples| {
            samples
                .value("geelark_api_request_failures_total", &labels)
                .unwrap_or(0.0)
        };
        let before = count(&self.exporter.samples().await);
        let what = format!("a failure for the reason {reason}");
        let samples = self.exporter.until(&what, |samples| count(samples) > before).await;
        self.stays_responsive().await;
        samples
    }

    /// Waits until the metrics show that `main` is locked.
    pub(super) async fn wait_for_lock(&self) -> Samples {
        self.exporter
            .until("a lock", |samples| locked_until(samples) > 0.0)
            .await
    }

    /// Waits until the first batch is stale. The other batch and the other account must still be shown.
    pub(super) async fn wait_for_stale_batch(&self) {
        let is_stale = |samples: &Samples| stale(samples) == FIRST_BATCH as f64;
        let samples = self.exporter.until("the batch to become stale", is_stale).await;
        assert_eq!(up(&samples, "main"), 0.0);
        assert_eq!(samples.of("phone_status").len(), SECOND_BATCH + OTHER_ACCOUNT);
        assert!(samples.find("phone_status", &[("id", &self.upstream.ids[0])]).is_none());
        assert!(samples.find("phone_info", &[("id", &self.upstream.ids[0])]).is_some());
        assert_other_account_healthy(&samples);
        self.stays_responsive().await;
    }

    /// Waits until all phones of `main` are stale. The other account must still be shown.
    pub(super) async fn wait_for_stale_account(&self) {
        let is_stale = |samples: &Samples| stale(samples) == (FIRST_BATCH + SECOND_BATCH) as f64;
        let samples = self.exporter.until("the account to become stale", is_stale).await;
        assert_eq!(up(&samples, "main"), 0.0);
        assert_other_account_healthy(&samples);
        self.stays_responsive().await;
    }

    /// Waits until every phone is shown and both accounts are up.
    pub(super) async fn wait_until_healthy(&self) {
        let healthy = |samples: &Samples| {
            samples.of("phone_status").len() == FIRST_BATCH + SECOND_BATCH + OTHER_ACCOUNT
                && ["main", "other"].iter().all(|account| up(samples, account) == 1.0)
        };
        self.exporter.until("both accounts to be healthy", healthy).await;
    }

    pub(super) async fn recover(&self) {
        self.clear_faults().await;
        self.wait_until_healthy().await;
    }

    /// Asserts that scrapes are quick and that memory has hardly grown.
    pub(super) async fn stays_responsive(&self) {
        let mut best = Duration::MAX;
        // Other tests use the same processors, so the best of five scrapes is the exporter's own speed.
        for _ in 0..5 {
            let begin = Instant::now();
            self.exporter.text().await;
            best = best.min(begin.elapsed());
        }
        assert!(best < SCRAPE_LIMIT, "a scrape took {best:?}");
        let (before, now) = (self.resident, self.exporter.resident());
        assert!(now < before + MEMORY_LIMIT, "memory grew from {before} to {now} bytes");
    }
}

/// Asserts what most faults of a batch do: the exporter counts them, shows that batch alone as stale, and recovers.
pub(super) async fn affects_one_batch(faults: &[(&str, &str)]) {
    let fixture = Fixture::start().await;
    for (fault, reason) in faults {
        fixture.inject_into_batch(fault).await;
        fixture.expect_failure(reason).await;
    }
    fixture.wait_for_stale_batch().await;
    fixture.recover().await;
}

/// Asserts that the other account has no failures.
pub(super) fn assert_other_account_healthy(samples: &Samples) {
    assert_eq!(up(samples, "other"), 1.0);
    let labels = [("account", "other"), ("status", "stale")];
    assert_eq!(samples.value("geelark_phones", &labels), Some(0.0));
}

pub(super) fn up(samples: &Samples, account: &str) -> f64 {
    samples.value("geelark_up", &[("account", account)]).unwrap_or(-1.0)
}

/// The number of stale phones of `main`.
pub(super) fn stale(samples: &Samples) -> f64 {
    let labels = [("account", "main"), ("status", "stale")];
    samples.value("geelark_phones", &labels).unwrap()
}

/// The time at which the lock of `main` ends.
pub(super) fn locked_until(samples: &Samples) -> f64 {
    let labels = [("account", "main")];
    samples
        .value("geelark_api_locked_until_timestamp_seconds", &labels)
        .unwrap()
}
