//! The exporter as a daemon: prepares everything that can fail, then serves until it is told to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::error::Error;
use super::metrics::{ExporterMetrics, registry};
use super::running_account::Context;
use super::state_saver::StateSaver;
use super::supervisor::{PreparedConfig, Supervisor, prepare};
use crate::cli::Flags;
use crate::config::{self, Sources};
use crate::exposition::{Encoding, MetricsStore};
use crate::webhook::{self, Receiver};
use axum::Router;
use exporter_web::{About, Backend, Guard, Listener, ScrapeBody};
use geelark_client::clock::Clock;

/// How often the files that the configuration names are checked for changes. A `stat` each costs nothing.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// Version, revision and compiler, as `--version` and `geelark_exporter_build_info` show them.
const BUILD: [&str; 3] = [
    env!("CARGO_PKG_VERSION"),
    env!("GEELARK_REVISION"),
    env!("GEELARK_RUSTC"),
];

/// An exporter that can start: everything that can be wrong was checked, and no task runs yet.
pub(super) struct Exporter {
    supervisor: Arc<Supervisor>,
    config: PreparedConfig,
    settings: exporter_web::Settings,
    listeners: Vec<Listener>,
}

impl Exporter {
    pub(super) async fn prepare(sources: Sources, flags: Flags) -> Result<Self, Error> {
        let config = config::load(&sources)?;
        let settings = flags.web.settings().map_err(Error::WebConfig)?;
        let state = config.state.clone();
        let phones: usize = config.accounts.iter().map(|account| account.phones.len()).sum();
        let (accounts, config) = (config.accounts.len(), prepare(config, &[])?);
        let listeners = flags.web.listeners().await;
        let listeners = listeners.map_err(|problems| Error::Run(problems.to_string()))?;
        let registry = registry();
        let context = Context {
            store: MetricsStore::new(registry.clone()),
            clock: Clock::system(),
            ownership: crate::targets::Ownership::default(),
            broken: CancellationToken::new(),
            registry,
        };
        let metrics = Arc::new(ExporterMetrics::new(&context.registry, BUILD));
        // Last, because it takes the folder.
        let state_saver = StateSaver::open(state.as_deref(), context.clock.clone(), metrics.clone())?;
        let [version, revision, _] = BUILD;
        info!(version, revision, accounts, phones, "starting");
        Ok(Self {
            supervisor: Arc::new(Supervisor::new(sources, context, state_saver, metrics)),
            config,
            settings,
            listeners,
        })
    }

    /// Where the metrics are served.
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

    /// Serves until `stop` is cancelled.
    pub(super) async fn run(self, stop: CancellationToken) -> Result<(), Error> {
        let Self {
            supervisor,
            config,
            settings,
            listeners,
        } = self;
        let hangup = signal(SignalKind::hangup());
        let mut hangup = hangup.map_err(|error| Error::Run(format!("cannot listen for signals: {error}")))?;
        supervisor.start(config).await;
        let stop_saving = CancellationToken::new();
        let saving = tokio::spawn({
            let (supervisor, stop) = (supervisor.clone(), stop_saving.clone());
            async move { supervisor.state_saver.run(stop).await }
        });
        let backend = Arc::new(WebBackend(supervisor.clone()));
        let serving = exporter_web::serve(listeners, settings, backend, stop.clone());
        tokio::pin!(serving);
        let mut follow = interval(FOLLOW_EVERY);
        follow.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let outcome = loop {
            tokio::select! {
                () = &mut serving => break Ok(()),
                () = supervisor.context.broken.cancelled() => {
                    break Err(Error::Run("internal error: an account is no longer watched, see the log; the process ends so that a restart can mend it".into()));
                }
                Some(()) = hangup.recv() => {
                    // The reload logs and shows its result itself.
                    let _ = supervisor.reload().await;
                }
                _ = follow.tick() => supervisor.follow_files().await,
            }
        };
        stop_saving.cancel();
        // It ends early only by a panic, which is in the log.
        let _ = saving.await;
        supervisor.stop().await;
        info!("ended");
        outcome
    }
}

/// What the web shows and does.
struct WebBackend(Arc<Supervisor>);

impl Backend for WebBackend {
    const ABOUT: About = About {
        program: "geelark_exporter",
        version: env!("CARGO_PKG_VERSION"),
        title: "GeeLark exporter",
        description: "Watches a fleet of GeeLark cloud phones for Prometheus.",
        ready_when: "every account has finished a first round",
    };

    fn scrape(&self, gzip: bool) -> ScrapeBody {
        let encoding = if gzip { Encoding::Gzip } else { Encoding::Plain };
        let scrape = self.0.context.store.scrape(encoding);
        ScrapeBody {
            length: scrape.len(),
            chunks: Box::new(scrape),
        }
    }

    fn ready(&self) -> Result<(), String> {
        match self.0.unready() {
            unready if unready.is_empty() => Ok(()),
            unready => Err(format!("waiting for the first round of: {}", unready.join(", "))),
        }
    }

    async fn reload(&self) -> Result<(), String> {
        self.0.reload().await
    }

    fn routes(self: &Arc<Self>, guard: Guard) -> Router {
        let supervisor = self.0.clone();
        let receiver = move |account: &str| -> Option<Arc<dyn Receiver>> { Some(supervisor.webhook(account)?) };
        webhook::routes(Arc::new(receiver), guard)
    }
}
