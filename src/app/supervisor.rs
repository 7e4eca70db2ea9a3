//! The supervisor holds the running accounts and applies configurations: it keeps, replaces, starts and stops accounts.
//!
//! Start and reload go through [`Supervisor::apply`]. Everything that can fail happens before, in [`prepare`].

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Mutex;
use tracing::{error, info, warn};

use super::carry_over::{CarryOver, Context};
use super::error::Error;
use super::metrics::ConfigMetrics;
use super::running_account::RunningAccount;
use super::state_saver::SavedAccounts;
use crate::config::{self, Config, Sources};
use geelark_client::{HttpTransport, SetupError};

/// Holds the running accounts.
pub(super) struct Supervisor {
    sources: Sources,
    pub(super) context: Arc<Context>,
    metrics: ConfigMetrics,
    /// Locked for a whole reload, so that two cannot mix.
    running: Mutex<Running>,
}

/// What runs, and its configuration.
#[derive(Default)]
struct Running {
    config: Config,
    accounts: Vec<RunningAccount>,
}

/// One for each account of a configuration, with which it starts; `None` for an account that runs on unchanged.
type Transports = Vec<Option<HttpTransport>>;

/// Prepares every account of `config` that is not in `running`. Changes nothing.
pub(super) fn prepare(config: &Config, running: &Config) -> Result<Transports, SetupError> {
    let transports = config.accounts.iter().map(|account| {
        let transport = || HttpTransport::new(&account.base_url, account.poll.timeout);
        (!running.accounts.contains(account)).then(transport).transpose()
    });
    transports.collect()
}

impl Supervisor {
    /// Starts the accounts of `config`, with what was saved of them.
    pub(super) async fn start(
        sources: Sources,
        context: Arc<Context>,
        config: Config,
        transports: Transports,
        saved: SavedAccounts,
    ) -> Self {
        let supervisor = Self {
            sources,
            metrics: ConfigMetrics::new(&context.registry, &[]),
            context,
            running: Mutex::default(),
        };
        let mut running = supervisor.running.lock().await;
        supervisor.apply(config, transports, saved, &mut running).await;
        drop(running);
        supervisor
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
        if !running.config.followed.settled_change() {
            return;
        }
        let sources = Sources {
            document: running.config.document.clone(),
            ..self.sources.clone()
        };
        info!("a file that the configuration names changed");
        // The reload logs and shows its result itself.
        let _ = self.reload_from(&sources, &mut running).await;
    }

    async fn reload_from(&self, sources: &Sources, running: &mut Running) -> Result<(), String> {
        let loaded = config::load(sources).map_err(Error::from);
        let prepared = loaded.and_then(|config| Ok((prepare(&config, &running.config)?, config)));
        let (transports, config) = prepared.map_err(|problem| {
            self.metrics.reload_successful.set(false);
            error!("configuration not reloaded, the previous one stays in force: {problem}");
            problem.to_string()
        })?;
        if config.state != running.config.state {
            warn!("state.path changed; the change takes effect at the next start");
        }
        self.apply(config, transports, SavedAccounts::new(), running).await;
        self.context.save_soon.notify_one();
        info!(accounts = running.accounts.len(), "configuration reloaded");
        Ok(())
    }

    /// Makes the running accounts those of the configuration: stops what changed or is gone, starts what is new, and leaves
    /// the rest alone.
    async fn apply(&self, config: Config, transports: Transports, mut saved: SavedAccounts, running: &mut Running) {
        for warning in &config.warnings {
            warn!("{warning}");
        }
        let before = running
            .accounts
            .drain(..)
            .map(|account| (account.carry_over.name.clone(), account));
        let mut before: HashMap<_, _> = before.collect();
        for (account, transport) in config.accounts.iter().zip(transports) {
            let predecessor = before.remove(&account.name);
            let account = match transport {
                None => predecessor,
                Some(transport) => {
                    let carry_over = match predecessor {
                        Some(predecessor) => {
                            let mut carry_over = predecessor.stop().await;
                            carry_over.adapt_to(account, &self.context);
                            carry_over
                        }
                        None => CarryOver::new(account, saved.remove(&account.name), &self.context),
                    };
                    Some(RunningAccount::start(account, transport, carry_over, &self.context))
                }
            };
            running.accounts.extend(account);
        }
        let accounts: Vec<CarryOver> = running
            .accounts
            .iter()
            .map(|account| account.carry_over.clone())
            .collect();
        self.context
            .ownership
            .set_order(accounts.iter().map(|account| &account.name));
        self.context
            .store
            .set_accounts(accounts.iter().map(|account| account.store.clone()).collect());
        self.context.accounts.store(Arc::new(accounts));
        running.config = config;
        self.metrics.reload_successful.set(true);
        self.metrics.reload_success.set(self.context.clock.now().unix());
        for gone in before.into_values() {
            gone.stop().await;
        }
    }

    /// Stops every account.
    pub(super) async fn stop(&self) {
        for account in self.running.lock().await.accounts.drain(..) {
            account.stop().await;
        }
    }
}
