//! What is in force, and how another configuration takes its place: all of it or nothing.

use std::sync::Arc;

use tracing::{error, info, warn};

use super::Error;
use super::exporter::Exporter;
use super::plan::{Plan, Surroundings};
use super::watch::Watch;
use crate::config::{self, Config, Secret, Sources};
use crate::stamp::Stamps;

/// What a reload replaces.
#[derive(Default)]
pub(super) struct InForce {
    pub(super) watches: Vec<Watch>,
    /// The configuration file as it was read last.
    document: Option<Secret>,
    /// The files it names.
    followed: Stamps,
}

/// What a reload does for one account of the new configuration.
pub(super) enum Step {
    /// Nothing changed: the watch at this index goes on.
    Keep(usize),
    Start {
        plan: Box<Plan>,
        /// The watch of the account's name until now.
        replaces: Option<usize>,
    },
}

/// What to do with every account of `config`, given those that are watched. Does nothing yet.
pub(super) fn plan(config: &Config, watches: &[Watch]) -> Result<Vec<Step>, Error> {
    config
        .accounts
        .iter()
        .map(|account| {
            let replaces = watches.iter().position(|watch| watch.account.name == account.name);
            match replaces.filter(|index| watches[*index].account == *account) {
                Some(index) => Ok(Step::Keep(index)),
                None => Ok(Step::Start {
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
        let mut in_force = self.in_force.lock().await;
        self.reload_from(&self.sources, &mut in_force).await
    }

    /// Reads ids and secrets again if a file of them changed. The configuration file stays as it was read: whoever edits
    /// it says when they are done.
    pub(super) async fn follow(&self) {
        let mut in_force = self.in_force.lock().await;
        if in_force.followed.hold() {
            return;
        }
        // Whatever comes of it, the same change is not looked at again.
        in_force.followed = in_force.followed.renewed();
        let sources = Sources {
            document: in_force.document.clone(),
            ..self.sources.clone()
        };
        info!("a file that the configuration names changed");
        // What went wrong is logged and shown by the reload itself.
        let _ = self.reload_from(&sources, &mut in_force).await;
    }

    async fn reload_from(&self, sources: &Sources, in_force: &mut InForce) -> Result<(), String> {
        let planned = config::load(sources).map_err(Error::from).and_then(|config| {
            let plans = plan(&config, &in_force.watches)?;
            Ok((config, plans))
        });
        match planned {
            Ok((config, plans)) => {
                self.keeper.compare(config.state.as_deref());
                self.put_in_force(config, plans, in_force).await;
                self.keeper.hurry();
                info!(accounts = in_force.watches.len(), "configuration reloaded");
                Ok(())
            }
            Err(problem) => {
                self.board.metrics().config_reload_failed();
                error!("configuration not reloaded, the previous one stays in force: {problem}");
                Err(problem.to_string())
            }
        }
    }

    pub(super) async fn put_in_force(&self, config: Config, plans: Vec<Step>, in_force: &mut InForce) {
        for warning in &config.warnings {
            warn!("{warning}");
        }
        self.start(plans, &mut in_force.watches).await;
        in_force.document = config.document;
        in_force.followed = config.followed;
        self.board.metrics().config_reloaded(self.clock.now().unix());
    }

    /// Ends what changed, starts what is new, leaves the rest alone.
    async fn start(&self, plans: Vec<Step>, watches: &mut Vec<Watch>) {
        let names: Vec<Arc<str>> = plans
            .iter()
            .map(|step| match step {
                Step::Keep(index) => watches[*index].account.name.clone(),
                Step::Start { plan, .. } => plan.name().clone(),
            })
            .collect();
        let mut before: Vec<Option<Watch>> = watches.drain(..).map(Some).collect();
        let surroundings = Surroundings {
            board: &self.board,
            clock: &self.clock,
            broken: &self.broken,
            keeper: &self.keeper,
        };
        self.claims.reorder(&names);
        for (rank, step) in plans.into_iter().enumerate() {
            let watch = match step {
                Step::Keep(index) => before[index].take(),
                Step::Start { plan, replaces } => {
                    let predecessor = replaces.and_then(|index| before[index].take());
                    // The new pen is there before the old one is laid down, so that nobody takes its phones in between.
                    let claim = self.claims.account(rank);
                    Some(plan.start(predecessor, claim, &surroundings).await)
                }
            };
            watches.extend(watch);
        }
        self.board
            .arrange(watches.iter().map(|watch| watch.section.clone()).collect());
        self.first_rounds.store(Arc::new(
            watches
                .iter()
                .map(|watch| (watch.account.name.clone(), watch.lasting.first_round.clone()))
                .collect(),
        ));
        self.keeper.keep(watches.iter().map(Watch::record));
        self.webhooks.store(Arc::new(
            watches
                .iter()
                .filter_map(|watch| Some((watch.account.name.clone(), watch.lasting.webhook.clone()?)))
                .collect(),
        ));
        for gone in before.into_iter().flatten() {
            let name = gone.account.name.clone();
            gone.end().await;
            self.board.metrics().forget(&name);
        }
    }
}
