//! Saves the state of all accounts while the exporter runs and when it ends, and reads it at the start.
//!
//! Without `state.path` it does nothing. With it, no problem with the folder affects anything else.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::carry_over::Context;
use super::error::Error;
use super::metrics::StateMetrics;
use crate::condition::Condition;
use crate::logging::whole_seconds;
use crate::state::{AccountState, State, Store};
use geelark_client::clock::{ElapsedSinceSave, UnixTime};

/// At most this much is lost when the process is killed. A hundred thousand phones are ten megabytes each time.
const SAVE_EVERY: Duration = Duration::from_secs(30);

/// What the previous process saved, by the account's name, and how long ago.
pub(super) type SavedAccounts = HashMap<Arc<str>, (AccountState, ElapsedSinceSave)>;

/// Saves the state of all accounts.
pub(super) struct StateSaver {
    store: Option<(Arc<Store>, StateMetrics)>,
    context: Arc<Context>,
    failing: Condition<String>,
}

impl StateSaver {
    /// Takes the folder, if one is configured, and reads it. The only error is a folder that another exporter uses.
    pub(super) fn open(folder: Option<&Path>, context: Arc<Context>) -> Result<(Self, SavedAccounts), Error> {
        let (mut store, mut restored) = (None, SavedAccounts::new());
        if let Some(folder) = folder {
            let now = context.clock.now();
            let opened = Store::open(folder).map_err(|error| Error::Run(error.to_string()))?;
            match opened.load(now.millis()) {
                Err(problem) => warn!("{problem}"),
                Ok(None) => {}
                Ok(Some(state)) => {
                    let elapsed = ElapsedSinceSave::new(state.written, now);
                    let age = elapsed.elapsed().map_or_else(|| "unknown".into(), whole_seconds);
                    info!(folder = %folder.display(), accounts = state.accounts.len(), phones = state.phones(), %age, "state loaded");
                    let by_name = |account: AccountState| (account.name.clone(), (account, elapsed));
                    restored.extend(state.accounts.into_iter().map(by_name));
                }
            }
            let metrics = StateMetrics::new(&context.registry, &[]);
            metrics.written.set(UnixTime::default());
            store = Some((Arc::new(opened), metrics));
        }
        let saver = Self {
            store,
            context,
            failing: Condition::default(),
        };
        Ok((saver, restored))
    }

    /// Saves at intervals, and when something is urgent, until `stop` is cancelled; never stops in the middle of a write.
    pub(super) async fn run(mut self, stop: CancellationToken) -> Self {
        let mut tick = interval_at(Instant::now() + SAVE_EVERY, SAVE_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return self,
                () = self.context.save_soon.notified() => {}
                _ = tick.tick() => {}
            }
            self.save().await;
        }
    }

    /// Saves what is known. The first time is at the start, so that a folder that cannot be written is known then; the
    /// last time is after all tasks stopped.
    pub(super) async fn save(&mut self) {
        let Some((store, metrics)) = &self.store else { return };
        let (store, accounts, now) = (
            store.clone(),
            self.context.accounts.load_full(),
            self.context.clock.now(),
        );
        let write = move || {
            let accounts = accounts.iter().map(|account| account.state(now)).collect();
            let written = now.millis();
            store.write(&State { written, accounts })
        };
        let result = match tokio::task::spawn_blocking(write).await {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(panic) => Err(format!("internal error: {panic}")),
        };
        metrics.successful.set(result.is_ok());
        if result.is_ok() {
            metrics.written.set(now.unix());
        }
        match result {
            Ok(()) if self.failing.end() => info!("the state is written again"),
            Err(error) if self.failing.begin(error.clone()) => {
                warn!("the state is not saved, so a restart would know less: {error}");
            }
            _ => {}
        }
    }
}
