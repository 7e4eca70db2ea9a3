//! The supervisor holds the running accounts and applies configurations: it keeps, replaces, starts and stops accounts.
//!
//! Start, reload and stop go through [`Supervisor::apply`]. Everything that can fail happens before, in [`prepare`].

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use tokio::sync::Mutex;
use tracing::{error, info, warn};

use super::error::Error;
use super::metrics::ExporterMetrics;
use super::running_account::{Context, PreparedAccount, RunningAccount};
use super::state_saver::StateSaver;
use crate::config::{self, Config, Sources};
use crate::webhook::Webhook;
use config_file::FileStamps;
use geelark_client::Secret;

/// Holds the running accounts.
pub(super) struct Supervisor {
    sources: Sources,
    pub(super) context: Context,
    pub(super) state_saver: StateSaver,
    metrics: Arc<ExporterMetrics>,
    /// Locked for a whole reload, so that two cannot mix.
    running: Mutex<Running>,
    /// For the web, which does not wait for a reload.
    shown: ArcSwap<ShownAccounts>,
}

/// What runs, and what it was configured from.
#[derive(Default)]
struct Running {
    accounts: Vec<RunningAccount>,
    /// The text of the configuration file as it was read last.
    document: Option<Secret>,
    /// The files that it names.
    followed: FileStamps,
}

/// What the web shows of the accounts.
#[derive(Default)]
struct ShownAccounts {
    first_rounds: Vec<(Arc<str>, Arc<AtomicBool>)>,
    webhooks: HashMap<Arc<str>, Arc<Webhook>>,
}

/// What happens to one account of a new configuration.
pub(super) enum AccountChange {
    /// The account at this index did not change and runs on.
    Keep(usize),
    /// The account starts, in place of the one at index `replaces`.
    Start {
        prepared: Box<PreparedAccount>,
        replaces: Option<usize>,
    },
}

/// A configuration that can be applied.
pub(super) struct PreparedConfig {
    config: Config,
    changes: Vec<AccountChange>,
}

/// Prepares every account of `config`, given those that run. Changes nothing.
pub(super) fn prepare(config: Config, running: &[RunningAccount]) -> Result<PreparedConfig, Error> {
    let changes = config.accounts.iter().map(|account| {
        let replaces = running.iter().position(|running| running.account.name == account.name);
        match replaces.filter(|index| running[*index].account == *account) {
            Some(index) => Ok(AccountChange::Keep(index)),
            None => Ok(AccountChange::Start {
                prepared: Box::new(PreparedAccount::new(account.clone())?),
                replaces,
            }),
        }
    });
    let changes = changes.collect::<Result<_, Error>>()?;
    Ok(PreparedConfig { config, changes })
}

impl Supervisor {
    /// A supervisor without accounts.
    pub(super) fn new(
        sources: Sources,
        context: Context,
        state_saver: StateSaver,
        metrics: Arc<ExporterMetrics>,
    ) -> Self {
        Self {
            sources,
            context,
            state_saver,
            metrics,
            running: Mutex::default(),
            shown: ArcSwap::default(),
        }
    }

    /// Applies the first configuration.
    pub(super) async fn start(&self, prepared: PreparedConfig) {
        self.apply(prepared, &mut *self.running.lock().await).await;
        self.state_saver.save().await;
    }

    /// Reads the configuration again. A bad one changes nothing.
    pub(super) async fn reload(&self) -> Result<(), String> {
        let mut running = self.running.lock().await;
        self.reload_from(&self.sources, &mut running).await
    }

    /// Reads ids and secrets again if one of their files changed. The configuration file stays as it was read: its editor
    /// reloads when the edit is complete.
    pub(super) async fn follow_files(&self) {
        let mut running = self.running.lock().await;
        if running.followed.unchanged() {
            return;
        }
        // Whatever the result, the same change is not looked at again.
        running.followed = running.followed.refreshed();
        let sources = Sources {
            document: running.document.clone(),
            ..self.sources.clone()
        };
        info!("a file that the configuration names changed");
        // The reload logs and shows its result itself.
        let _ = self.reload_from(&sources, &mut running).await;
    }

    async fn reload_from(&self, sources: &Sources, running: &mut Running) -> Result<(), String> {
        let prepared = config::load(sources)
            .map_err(Error::from)
            .and_then(|config| prepare(config, &running.accounts));
        match prepared {
            Ok(prepared) => {
                self.state_saver.check_folder(prepared.config.state.as_deref());
                self.apply(prepared, running).await;
                self.state_saver.save_soon();
                info!(accounts = running.accounts.len(), "configuration reloaded");
                Ok(())
            }
            Err(problem) => {
                self.metrics.reloaded(None);
                error!("configuration not reloaded, the previous one stays in force: {problem}");
                Err(problem.to_string())
            }
        }
    }

    /// Makes the running accounts those of the configuration: stops what changed or is gone, starts what is new, and leaves
    /// the rest alone.
    async fn apply(&self, prepared: PreparedConfig, running: &mut Running) {
        let PreparedConfig { config, changes } = prepared;
        for warning in &config.warnings {
            warn!("{warning}");
        }
        let mut before: Vec<Option<RunningAccount>> = running.accounts.drain(..).map(Some).collect();
        for change in changes {
            let account = match change {
                AccountChange::Keep(index) => before[index].take(),
                AccountChange::Start { prepared, replaces } => {
                    let predecessor = replaces.and_then(|index| before[index].take());
                    let carry_over = match predecessor {
                        Some(predecessor) => predecessor.stop().await,
                        None => self.state_saver.restore(&prepared.account, &self.context),
                    };
                    Some(prepared.start(carry_over, &self.context))
                }
            };
            running.accounts.extend(account);
        }
        let accounts = &running.accounts;
        self.context
            .ownership
            .set_order(accounts.iter().map(|account| &account.account.name));
        self.context.store.set_accounts(
            accounts
                .iter()
                .map(|account| account.carry_over.store.clone())
                .collect(),
        );
        self.state_saver
            .set_accounts(accounts.iter().map(RunningAccount::saved_from));
        self.shown.store(Arc::new(ShownAccounts::new(accounts)));
        running.document = config.document;
        running.followed = config.followed;
        self.metrics.reloaded(Some(self.context.clock.now().unix()));
        for gone in before.into_iter().flatten() {
            gone.stop().await;
        }
    }

    /// Stops every account and saves what is known.
    pub(super) async fn stop(&self) {
        for account in self.running.lock().await.accounts.drain(..) {
            account.stop().await;
        }
        self.state_saver.save().await;
    }

    /// The accounts that have not finished a first round.
    pub(super) fn unready(&self) -> Vec<String> {
        let shown = self.shown.load();
        let unready = shown
            .first_rounds
            .iter()
            .filter(|(_, done)| !done.load(Ordering::Acquire));
        unready.map(|(name, _)| name.to_string()).collect()
    }

    /// The webhook of `account`, where it is on.
    pub(super) fn webhook(&self, account: &str) -> Option<Arc<Webhook>> {
        self.shown.load().webhooks.get(account).cloned()
    }
}

impl ShownAccounts {
    fn new(accounts: &[RunningAccount]) -> Self {
        let name = |account: &RunningAccount| account.account.name.clone();
        let first_round = |account: &RunningAccount| (name(account), account.carry_over.first_round.clone());
        let webhook = |account: &RunningAccount| Some((name(account), account.carry_over.webhook.clone()?));
        Self {
            first_rounds: accounts.iter().map(first_round).collect(),
            webhooks: accounts.iter().filter_map(webhook).collect(),
        }
    }
}
