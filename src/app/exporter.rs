//! The exporter itself: accounts being watched, a board they post to, and the web that shows it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::watch::{Plan, Watch};
use super::{Error, stop};
use crate::cli::Flags;
use crate::clock::Clock;
use crate::config::{self, Config, Sources};
use crate::exposition::{Board, BuildInfo, Encoding};
use crate::web::{self, Limits, Listener, Protection, ScrapeBody, Site};

/// A running exporter.
pub(super) struct Exporter {
    sources: Sources,
    clock: Clock,
    board: Board,
    /// Held across a whole reload, so that two cannot mix.
    watches: Mutex<Vec<Watch>>,
    /// Which accounts have been asked about once: what readiness needs, without waiting for a reload.
    first_rounds: ArcSwap<Vec<(Arc<str>, Arc<AtomicBool>)>>,
    /// Cancelled when a task that must not end has ended.
    broken: CancellationToken,
}

impl Exporter {
    /// Serves until SIGINT or SIGTERM.
    pub(super) async fn serve(sources: Sources, flags: Flags) -> Result<(), Error> {
        let stop = stop::on_signal()?;
        Self::serve_until(sources, flags, stop).await
    }

    /// Serves until told to stop. Nothing is started before everything that can be wrong was found right.
    pub(super) async fn serve_until(sources: Sources, flags: Flags, stop: CancellationToken) -> Result<(), Error> {
        let mut hangups =
            signal(SignalKind::hangup()).map_err(|error| Error::Run(format!("cannot listen for signals: {error}")))?;
        let config = config::load(&sources)?;
        let protection = match &flags.web_config_file {
            Some(path) => Protection::from_file(path).map_err(Error::WebConfig)?,
            None => Protection::default(),
        };
        let clock = Clock::system();
        let plans = plan(&config, &[], &clock)?;
        let listeners = if flags.systemd_socket {
            Listener::from_systemd()
        } else {
            web::bind(&flags.listen).await
        };
        let listeners = listeners.map_err(|problems| Error::Run(problems.to_string()))?;

        let board = Board::new(BUILD);
        let exporter = Arc::new(Self {
            sources,
            clock,
            board,
            watches: Mutex::default(),
            first_rounds: ArcSwap::default(),
            broken: CancellationToken::new(),
        });
        info!(
            version = BUILD.version,
            revision = BUILD.revision,
            accounts = plans.len(),
            phones = config
                .accounts
                .iter()
                .map(|account| account.phones.len())
                .sum::<usize>(),
            "starting"
        );
        warn_about(&config);
        {
            let mut watches = exporter.watches.lock().await;
            exporter.start(plans, &mut watches).await;
        }
        exporter.board.metrics().config_reloaded(exporter.clock.now().unix());

        let settings = web::Settings {
            telemetry_path: flags.telemetry_path,
            lifecycle: flags.lifecycle,
            protection,
            limits: Limits::default(),
        };
        let serving = web::serve(listeners, settings, exporter.clone(), stop.clone());
        tokio::pin!(serving);
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
            }
        };
        for watch in exporter.watches.lock().await.drain(..) {
            watch.end().await;
        }
        info!("ended");
        outcome
    }

    /// Ends what changed, starts what is new, leaves the rest alone.
    async fn start(&self, plans: Vec<Step>, watches: &mut Vec<Watch>) {
        let mut before: Vec<Option<Watch>> = watches.drain(..).map(Some).collect();
        for step in plans {
            let watch = match step {
                Step::Keep(index) => before[index].take(),
                Step::Start { plan, replaces } => {
                    let predecessor = replaces.and_then(|index| before[index].take());
                    Some(plan.start(predecessor, &self.board, &self.clock, &self.broken).await)
                }
            };
            watches.extend(watch);
        }
        self.board
            .arrange(watches.iter().map(|watch| watch.section.clone()).collect());
        self.first_rounds.store(Arc::new(
            watches
                .iter()
                .map(|watch| (watch.account.name.clone(), watch.first_round.clone()))
                .collect(),
        ));
        for gone in before.into_iter().flatten() {
            self.board.metrics().forget(&gone.account.name);
            gone.end().await;
        }
    }

    /// Reads the configuration again. A bad one changes nothing; a good one keeps what is known and what is spent.
    async fn reload(&self) -> Result<(), String> {
        let mut watches = self.watches.lock().await;
        let planned = config::load(&self.sources).map_err(Error::from).and_then(|config| {
            let plans = plan(&config, &watches, &self.clock)?;
            Ok((config, plans))
        });
        match planned {
            Ok((config, plans)) => {
                self.start(plans, &mut watches).await;
                self.board.metrics().config_reloaded(self.clock.now().unix());
                info!(accounts = watches.len(), "configuration reloaded");
                warn_about(&config);
                Ok(())
            }
            Err(problem) => {
                self.board.metrics().config_reload_failed();
                error!("configuration not reloaded, the previous one stays in force: {problem}");
                Err(problem.to_string())
            }
        }
    }
}

/// What a reload does for one account of the new configuration.
enum Step {
    /// Nothing changed: the watch at this index goes on.
    Keep(usize),
    Start {
        plan: Box<Plan>,
        /// The watch of the account's name until now.
        replaces: Option<usize>,
    },
}

fn plan(config: &Config, watches: &[Watch], clock: &Clock) -> Result<Vec<Step>, Error> {
    config
        .accounts
        .iter()
        .map(|account| {
            let replaces = watches.iter().position(|watch| watch.account.name == account.name);
            let predecessor = replaces.map(|index| &watches[index]);
            match (replaces, predecessor) {
                (Some(index), Some(watch)) if watch.account == *account => Ok(Step::Keep(index)),
                _ => Ok(Step::Start {
                    plan: Box::new(Plan::new(account.clone(), predecessor, clock)?),
                    replaces,
                }),
            }
        })
        .collect()
}

fn warn_about(config: &Config) {
    for warning in &config.warnings {
        warn!("{warning}");
    }
}

/// What `--version` and `geelark_exporter_build_info` say.
const BUILD: BuildInfo = BuildInfo {
    version: env!("CARGO_PKG_VERSION"),
    revision: env!("GEELARK_REVISION"),
    rustc: env!("GEELARK_RUSTC"),
};

impl Site for Exporter {
    fn scrape(&self, gzip: bool) -> ScrapeBody {
        let scrape = self.board.scrape(if gzip { Encoding::Gzip } else { Encoding::Plain });
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

    async fn reload(&self) -> Result<(), String> {
        Exporter::reload(self).await
    }
}
