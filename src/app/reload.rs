//! What is in force, and how another configuration takes its place: all of it or nothing.

use std::sync::Arc;

use tracing::{error, info, warn};

use super::Error;
use super::exporter::Exporter;
use super::plan::{Context, Plan};
use super::watch::RunningAccount;
use crate::config::{self, Config, Sources};
use config_file::FileStamps;
use geelark_client::Secret;

/// What a reload replaces.
#[derive(Default)]
pub(super) struct Running {
    pub(super) watches: Vec<RunningAccount>,
    /// The configuration file as it was read last.
    document: Option<Secret>,
    /// The files it names.
    followed: FileStamps,
}

/// What a reload does for one account of the new configuration.
pub(super) enum Change {
    /// Nothing changed: the watch at this index goes on.
    Keep(usize),
    Start {
        plan: Box<Plan>,
        /// The watch of the account's name until now.
        replaces: Option<usize>,
    },
}

/// What to do with every account of `config`, given those that are watched. Does nothing yet.
pub(super) fn plan(config: &Config, watches: &[RunningAccount]) -> Result<Vec<Change>, Error> {
    config
        .accounts
        .iter()
        .map(|account| {
            let replaces = watches.iter().position(|watch| watch.account.name == account.name);
            match replaces.filter(|index| watches[*index].account == *account) {
                Some(index) => Ok(Change::Keep(index)),
                None => Ok(Change::Start {
                    plan: Box::new(Plan::new(account.clone())?),
                    replaces,
                }),
            }
        })
        .collect()
}

impl Exporter {
    /// Reads the configuration again. A bad one changes nothing; a good one keeps what is known and what is spent.
    pub(super) async fn reload(&self) -> Result<(), String> {
        let mut running = self.running.lock().await;
        self.reload_from(&self.sources, &mut running).await
    }

    /// Reads ids and secrets again if a file of them changed. The configuration file stays as it was read: whoever edits
    /// it says when they are done.
    pub(super) async fn follow(&self) {
        let mut running = self.running.lock().await;
        if running.followed.hold() {
            return;
        }
        // Whatever comes of it, the same change is not looked at again.
        running.followed = running.followed.renewed();
        let sources = Sources {
            document: running.document.clone(),
            ..self.sources.clone()
        };
        info!("a file that the configuration names changed");
        // What went wrong is logged and shown by the reload itself.
        let _ = self.reload_from(&sources, &mut running).await;
    }

    async fn reload_from(&self, sources: &Sources, running: &mut Running) -> Result<(), String> {
        let planned = config::load(sources).map_err(Error::from).and_then(|config| {
            let plans = plan(&config, &running.watches)?;
            Ok((config, plans))
        });
        match planned {
            Ok((config, plans)) => {
                self.state_saver.compare(config.state.as_deref());
                self.apply(config, plans, running).await;
                self.state_saver.save_soon();
                info!(accounts = running.watches.len(), "configuration reloaded");
                Ok(())
            }
            Err(problem) => {
                self.reload_metrics.successful.set(0);
                error!("configuration not reloaded, the previous one stays in force: {problem}");
                Err(problem.to_string())
            }
        }
    }

    pub(super) async fn apply(&self, config: Config, plans: Vec<Change>, running: &mut Running) {
        for warning in &config.warnings {
            warn!("{warning}");
        }
        self.start(plans, &mut running.watches).await;
        running.document = config.document;
        running.followed = config.followed;
        self.reload_metrics.successful.set(1);
        self.reload_metrics.success_time.set(self.clock.now().unix().0);
    }

    /// Ends what changed, starts what is new, leaves the rest alone.
    async fn start(&self, plans: Vec<Change>, watches: &mut Vec<RunningAccount>) {
        let names: Vec<Arc<str>> = plans
            .iter()
            .map(|step| match step {
                Change::Keep(index) => watches[*index].account.name.clone(),
                Change::Start { plan, .. } => plan.name().clone(),
            })
            .collect();
        let mut before: Vec<Option<RunningAccount>> = watches.drain(..).map(Some).collect();
        let context = Context {
            store: &self.store,
            registry: &self.registry,
            clock: &self.clock,
            broken: &self.broken,
            state_saver: &self.state_saver,
        };
        self.ownership.reorder(&names);
        for (rank, step) in plans.into_iter().enumerate() {
            let watch = match step {
                Change::Keep(index) => before[index].take(),
                Change::Start { plan, replaces } => {
                    let predecessor = replaces.and_then(|index| before[index].take());
                    // The new pen is there before the old one is laid down, so that nobody takes its phones in between.
                    let claim = self.ownership.account(rank);
                    Some(plan.start(predecessor, claim, &context).await)
                }
            };
            watches.extend(watch);
        }
        self.store
            .set_accounts(watches.iter().map(|watch| watch.section.clone()).collect());
        self.first_rounds.store(Arc::new(
            watches
                .iter()
                .map(|watch| (watch.account.name.clone(), watch.carry_over.first_round.clone()))
                .collect(),
        ));
        self.state_saver.keep(watches.iter().map(RunningAccount::record));
        self.webhooks.store(Arc::new(
            watches
                .iter()
                .filter_map(|watch| Some((watch.account.name.clone(), watch.carry_over.webhook.clone()?)))
                .collect(),
        ));
        for gone in before.into_iter().flatten() {
            gone.end().await;
        }
    }
}
