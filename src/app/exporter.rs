//! The exporter itself: accounts being watched, a store they update_batch to, and the web that shows it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Mutex;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::Error;
use super::metrics::{self, BuildMetrics, ReloadMetrics};
use super::reload::{self, Change, Running};
use super::state_saver::StateSaver;
use super::webhook::Webhook;
use crate::cli::Flags;
use crate::config::{self, Config, Sources};
use crate::exposition::{Encoding, MetricsStore};
use crate::metrics::Registry;
use crate::targets::Ownership;
use exporter_web::{Backend, Limits, Listener, ScrapeBody, WebConfig};
use geelark_client::clock::Clock;

/// A running exporter.
pub(super) struct Exporter {
    pub(super) sources: Sources,
    pub(super) clock: Clock,
    pub(super) store: MetricsStore,
    pub(super) registry: Registry,
    pub(super) reload_metrics: ReloadMetrics,
    pub(super) _build: BuildMetrics,
    pub(super) state_saver: StateSaver,
    /// Blocked across a whole reload, so that two cannot mix.
    pub(super) running: Mutex<Running>,
    /// Which accounts have been asked about once: what readiness needs, without waiting for a reload.
    pub(super) first_rounds: ArcSwap<Vec<(Arc<str>, Arc<AtomicBool>)>>,
    /// The webhooks that are on, by account.
    pub(super) webhooks: ArcSwap<HashMap<Arc<str>, Arc<Webhook>>>,
    /// Whose a phone is that several accounts have.
    pub(super) ownership: Ownership,
    /// Cancelled when a task that must not end has ended.
    pub(super) broken: CancellationToken,
}

/// How often the files that the configuration names are compared with what was read. A `stat` each costs nothing.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// An exporter that could start: everything that can be wrong was found right, and nothing runs yet.
pub(super) struct Prepared {
    sources: Sources,
    config: Config,
    plans: Vec<Change>,
    settings: exporter_web::Settings,
    listeners: Vec<Listener>,
    clock: Clock,
    registry: Registry,
    state_saver: StateSaver,
}

impl Prepared {
    pub(super) async fn new(sources: Sources, flags: Flags) -> Result<Self, Error> {
        let config = config::load(&sources)?;
        let web_config = match &flags.web_config_file {
            Some(path) => WebConfig::from_file(path).map_err(Error::WebConfig)?,
            None => WebConfig::default(),
        };
        let plans = reload::plan(&config, &[])?;
        let listeners = if flags.systemd_socket {
            Listener::from_systemd()
        } else {
            exporter_web::bind(&flags.listen).await
        };
        let settings = exporter_web::Settings {
            telemetry_path: flags.telemetry_path,
            lifecycle: flags.lifecycle,
            web_config,
            limits: Limits::default(),
        };
        let listeners = listeners.map_err(|problems| Error::Run(problems.to_string()))?;
        let (clock, registry) = (Clock::system(), metrics::registry());
        // Last, because it is the only part that changes something: a clean end of the process before is believed once.
        let state_saver = StateSaver::open(config.state.as_deref(), clock.clone(), &registry)?;
        Ok(Self {
            sources,
            config,
            plans,
            settings,
            listeners,
            clock,
            registry,
            state_saver,
        })
    }

    /// Where the metrics will be.
    pub(super) fn urls(&self) -> impl Iterator<Item = String> {
        let path = self.settings.telemetry_path.as_str();
        self.listeners.iter().map(move |listener| {
            let address = listener.address();
            if address.ip().is_unspecified() {
                format!("http://localhost:{}{path}", address.port())
            } else {
                format!("http://{address}{path}")
            }
        })
    }

    /// Serves until told to stop.
    pub(super) async fn run(self, stop: CancellationToken) -> Result<(), Error> {
        let Self {
            sources,
            config,
            plans,
            settings,
            listeners,
            clock,
            registry,
            state_saver,
        } = self;
        let mut hangups =
            signal(SignalKind::hangup()).map_err(|error| Error::Run(format!("cannot listen for signals: {error}")))?;
        let build = BuildMetrics::new(&registry, VERSION, REVISION, env!("GEELARK_RUSTC"));
        build.info.set(1);
        let exporter = Arc::new(Exporter {
            sources,
            clock,
            store: MetricsStore::new(registry.clone()),
            reload_metrics: ReloadMetrics::new(&registry),
            _build: build,
            registry,
            state_saver,
            running: Mutex::default(),
            first_rounds: ArcSwap::default(),
            webhooks: ArcSwap::default(),
            ownership: Ownership::new(),
            broken: CancellationToken::new(),
        });
        let phones: usize = config.accounts.iter().map(|account| account.phones.len()).sum();
        info!(
            version = VERSION,
            revision = REVISION,
            accounts = plans.len(),
            phones,
            "starting"
        );
        exporter.apply(config, plans, &mut *exporter.running.lock().await).await;

        exporter.state_saver.save_initial().await;
        let keeping = CancellationToken::new();
        let state_saver = tokio::spawn({
            let (exporter, stop) = (exporter.clone(), keeping.clone());
            async move { exporter.state_saver.run(stop).await }
        });

        let serving = exporter_web::serve(listeners, settings, exporter.clone(), stop.clone());
        tokio::pin!(serving);
        let mut follow = interval(FOLLOW_EVERY);
        follow.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let outcome = loop {
            tokio::select! {
                () = &mut serving => break Ok(()),
                () = exporter.broken.cancelled() => {
                    break Err(Error::Run("internal error: an account is no longer watched, see the log; ending so that a restart can mend it".into()));
                }
                Some(()) = hangups.recv() => {
                    // What went wrong is logged and shown by the reload itself.
                    let _ = exporter.reload().await;
                }
                _ = follow.tick() => exporter.follow().await,
            }
        };
        keeping.cancel();
        // It ended by itself only if it panicked, which the log has.
        let _ = state_saver.await;
        let mut ended = Vec::new();
        for watch in exporter.running.lock().await.watches.drain(..) {
            ended.push((watch.record(), watch.end().await));
        }
        exporter.state_saver.end(ended).await;
        info!("ended");
        outcome
    }
}

/// The exporter's version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit it was built from.
const REVISION: &str = env!("GEELARK_REVISION");

impl Backend for Exporter {
    fn scrape(&self, gzip: bool) -> ScrapeBody {
        let scrape = self.store.scrape(if gzip { Encoding::Gzip } else { Encoding::Plain });
        ScrapeBody {
            length: scrape.len(),
            chunks: Box::new(scrape),
        }
    }

    fn ready(&self) -> Result<(), String> {
        let open: Vec<String> = self
            .first_rounds
            .load()
            .iter()
            .filter(|(_, done)| !done.load(Ordering::Acquire))
            .map(|(name, _)| name.to_string())
            .collect();
        if open.is_empty() {
            return Ok(());
        }
        Err(format!("waiting for the first round of: {}", open.join(", ")))
    }

    fn webhook(&self, account: &str) -> Option<Arc<dyn exporter_web::Webhook>> {
        let webhook = self.webhooks.load().get(account)?.clone();
        Some(webhook)
    }

    async fn reload(&self) -> Result<(), String> {
        Exporter::reload(self).await
    }
}
