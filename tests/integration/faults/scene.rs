//! Where faults happen: an account of two batches that a fault can hit wholly or in part, and another account beside it.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Exporter, FAST, Samples, Upstream};

/// The account in trouble. A status is taken back after three rounds without an answer.
pub(super) const HASTY: &str = "    poll: {interval: 1s, timeout: 500ms, stale_after: 3s, transient_interval: 1h}
    budget: {requests_per_minute: 6000}";

/// How long a scrape may take while GeeLark is in trouble.
const QUICK: Duration = Duration::from_millis(100);

/// How much memory trouble may cost. An answer of 200 MB, or one that unpacks to a gigabyte, is far above it.
const MEMORY: u64 = 64 * 1024 * 1024;

/// Account `main`, to whose calls faults happen, and account `other` at a GeeLark of its own.
pub(super) struct Scene {
    pub(super) upstream: Upstream,
    pub(super) exporter: Exporter,
    resident: u64,
    _other: Upstream,
}

/// Phones of the batch that [`Scene::strike_batch`] hits.
pub(super) const STRUCK: usize = 100;
/// Phones of the other batch of the same account.
const SPARED: usize = 50;
const OTHERS: usize = 5;

impl Scene {
    /// Everything is known and nothing is wrong.
    pub(super) async fn start() -> Self {
        let upstream = Upstream::start(&["--phones=150"]).await;
        let account = upstream.account("main", &upstream.ids, HASTY);
        Self::with(upstream, &account, async |config| Exporter::start(&config).await).await
    }

    /// With another way to the same fleet: `account` is the entry in the configuration.
    pub(super) async fn with(upstream: Upstream, account: &str, start: impl AsyncFnOnce(String) -> Exporter) -> Self {
        let other = Upstream::start(&["--phones=5", "--seed=2"]).await;
        let other_account = other.account("other", &other.ids, FAST);
        let exporter = start(format!("accounts:\n{account}{other_account}")).await;
        let scene = Self {
            upstream,
            resident: exporter.resident(),
            exporter,
            _other: other,
        };
        scene.is_whole().await;
        Self {
            resident: scene.exporter.resident(),
            ..scene
        }
    }

    /// From now on this happens to every call about the first batch, and to no other.
    pub(super) async fn strike_batch(&self, fault: &str) {
        self.strike(&format!("{fault},id={}", self.upstream.ids[0])).await;
    }

    /// From now on this happens to every call of the account.
    pub(super) async fn strike(&self, fault: &str) {
        self.upstream.faults(json!([fault])).await;
    }

    /// The fault is gone.
    pub(super) async fn end_fault(&self) {
        self.upstream.faults(json!([])).await;
    }

    /// Waits for a failure of `main` with this reason, more than there were.
    pub(super) async fn counts(&self, reason: &str) -> Samples {
        let labels = [("account", "main"), ("endpoint", "phone_status"), ("reason", reason)];
        let count = |samples: &Samples| {
            samples
                .value("geelark_api_request_failures_total", &labels)
                .unwrap_or(0.0)
        };
        let before = count(&self.exporter.samples().await);
        let what = format!("a failure for the reason {reason}");
        let samples = self.exporter.until(&what, |samples| count(samples) > before).await;
        self.is_bearable().await;
        samples
    }

    /// Waits until `main` is shown to be locked.
    pub(super) async fn is_locked(&self) -> Samples {
        self.exporter
            .until("a lock", |samples| locked_until(samples) > 0.0)
            .await
    }

    /// Waits until the struck batch is shown no longer. The other batch and the other account are.
    pub(super) async fn loses_the_batch(&self) {
        let gone = |samples: &Samples| stale(samples) == STRUCK as f64;
        let samples = self.exporter.until("the batch to grow stale", gone).await;
        assert_eq!(up(&samples, "main"), 0.0);
        assert_eq!(samples.of("phone_status").len(), SPARED + OTHERS);
        assert!(samples.find("phone_status", &[("id", &self.upstream.ids[0])]).is_none());
        assert!(samples.find("phone_info", &[("id", &self.upstream.ids[0])]).is_some());
        spares_the_other(&samples);
        self.is_bearable().await;
    }

    /// Waits until no phone of the account is shown. The other account is.
    pub(super) async fn loses_the_account(&self) {
        let gone = |samples: &Samples| stale(samples) == (STRUCK + SPARED) as f64;
        let samples = self.exporter.until("the account to grow stale", gone).await;
        assert_eq!(up(&samples, "main"), 0.0);
        spares_the_other(&samples);
        self.is_bearable().await;
    }

    /// Waits until everything is shown and nothing is wrong; that costs patience, and nobody's help.
    pub(super) async fn is_whole(&self) {
        let whole = |samples: &Samples| {
            samples.of("phone_status").len() == STRUCK + SPARED + OTHERS
                && ["main", "other"].iter().all(|account| up(samples, account) == 1.0)
        };
        self.exporter.until("everything to be well", whole).await;
    }

    pub(super) async fn heals(&self) {
        self.end_fault().await;
        self.is_whole().await;
    }

    /// Scrapes are quick, and memory is about what it was.
    pub(super) async fn is_bearable(&self) {
        let mut best = Duration::MAX;
        // Other tests use the same processors: the quickest of a few says what the exporter can do.
        for _ in 0..5 {
            let begin = Instant::now();
            self.exporter.text().await;
            best = best.min(begin.elapsed());
        }
        assert!(best < QUICK, "a scrape took {best:?}");
        let (before, now) = (self.resident, self.exporter.resident());
        assert!(now < before + MEMORY, "memory grew from {before} to {now} bytes");
    }
}

/// What most faults of one batch do: they are counted, cost that batch alone, and heal.
pub(super) async fn cost_one_batch(faults: &[(&str, &str)]) {
    let scene = Scene::start().await;
    for (fault, reason) in faults {
        scene.strike_batch(fault).await;
        scene.counts(reason).await;
    }
    scene.loses_the_batch().await;
    scene.heals().await;
}

/// The other account is well.
pub(super) fn spares_the_other(samples: &Samples) {
    assert_eq!(up(samples, "other"), 1.0);
    let labels = [("account", "other"), ("status", "stale")];
    assert_eq!(samples.value("geelark_phones", &labels), Some(0.0));
}

pub(super) fn up(samples: &Samples, account: &str) -> f64 {
    samples.value("geelark_up", &[("account", account)]).unwrap_or(-1.0)
}

/// How many phones of `main` are stale.
pub(super) fn stale(samples: &Samples) -> f64 {
    let labels = [("account", "main"), ("status", "stale")];
    samples.value("geelark_phones", &labels).unwrap()
}

/// Until when `main` is locked.
pub(super) fn locked_until(samples: &Samples) -> f64 {
    let labels = [("account", "main")];
    samples
        .value("geelark_api_locked_until_timestamp_seconds", &labels)
        .unwrap()
}
