//! Saves what is known while the exporter runs and when it ends, and restores it at the start.
//!
//! Without `state.path` it does nothing. With it, no problem with the folder affects anything else.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use humantime::format_duration;
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::error::Error;
use super::metrics::ExporterMetrics;
use super::running_account::{CarryOver, Context, SavedFrom};
use crate::billing::ExpiringGauges;
use crate::condition::Condition;
use crate::config::AccountConfig;
use crate::fleet::Fleet;
use crate::metrics::ShowValue;
use crate::state::{AccountState, Expiring, State, Store};
use geelark_client::Gate;
use geelark_client::clock::{Clock, ElapsedSinceSave, Timestamp};

/// At most this much is lost when the process is killed. A hundred thousand phones are ten megabytes each time.
const SAVE_EVERY: Duration = Duration::from_secs(30);

/// A wallet or plan from before a restart is shown at most this long without being read again.
const MONEY_SHOWN: Duration = Duration::from_mins(30);

/// Saves and restores the state of all accounts.
pub(super) struct StateSaver {
    store: Option<Arc<Store>>,
    clock: Clock,
    metrics: Arc<ExporterMetrics>,
    /// What the previous process saved, until it is restored.
    restored: Mutex<Option<Restored>>,
    accounts: ArcSwap<Vec<SavedFrom>>,
    /// Notified when something must be saved at once: an account was blocked, the configuration changed.
    urgent: Arc<Notify>,
    failing: Mutex<Condition<String>>,
}

/// What the previous process saved.
struct Restored {
    accounts: HashMap<Arc<str>, AccountState>,
    elapsed: ElapsedSinceSave,
}

impl StateSaver {
    /// Takes the folder, if one is configured, and reads it. The only error is a folder that another exporter uses.
    pub(super) fn open(folder: Option<&Path>, clock: Clock, metrics: Arc<ExporterMetrics>) -> Result<Self, Error> {
        let now = clock.now();
        let (mut store, mut restored) = (None, None);
        if let Some(folder) = folder {
            let (opened, loaded) = Store::open(folder, now.millis()).map_err(|error| Error::Run(error.to_string()))?;
            store = Some(Arc::new(opened));
            match loaded {
                Err(problem) => warn!("{problem}"),
                Ok(None) => {}
                Ok(Some(state)) => {
                    let elapsed = ElapsedSinceSave::new(state.written, now);
                    let age = elapsed.elapsed().map_or_else(|| "unknown".into(), whole_seconds);
                    info!(folder = %folder.display(), accounts = state.accounts.len(), phones = state.phones(), %age, "state loaded");
                    let by_name = |account: AccountState| (account.name.clone(), account);
                    let accounts = state.accounts.into_iter().map(by_name).collect();
                    restored = Some(Restored { accounts, elapsed });
                }
            }
        }
        Ok(Self {
            store,
            clock,
            metrics,
            restored: Mutex::new(restored),
            accounts: ArcSwap::default(),
            urgent: Arc::default(),
            failing: Mutex::default(),
        })
    }

    /// What an account starts with that did not run in this process: its saved state, once, or nothing.
    pub(super) fn restore(&self, account: &AccountConfig, context: &Context) -> CarryOver {
        let mut restored = lock(&self.restored);
        let saved = restored
            .as_mut()
            .and_then(|restored| Some((restored.accounts.remove(&account.name)?, restored.elapsed)));
        let Some((saved, elapsed)) = saved else {
            let gate = Gate::default().change_notify(self.urgent.clone());
            return CarryOver::new(account, gate, Fleet::new(account.name.clone()), context);
        };
        let gate = Gate::restored(saved.gate, elapsed).change_notify(self.urgent.clone());
        let fleet = Fleet::restored(account.name.clone(), saved.phones, elapsed);
        let mut carry_over = CarryOver::new(account, gate, fleet, context);
        // The account compares it with its credentials, and resets the back-off if they are others.
        carry_over.fingerprint = saved.credentials;
        carry_over.round.set(saved.round);
        if let (Some(discovery), Some(summary)) = (&carry_over.discovery, saved.discovery) {
            discovery.set(summary);
        }
        // Without a known age nothing says how old wallet and plan are.
        if let Some(money) = carry_over.money.as_ref().filter(|_| elapsed.elapsed().is_some()) {
            show_again(&money.wallet, saved.wallet, elapsed);
            show_again(&money.plan, saved.plan, elapsed);
        }
        carry_over
    }

    /// Saves these accounts from now on. State of accounts that are no longer configured is dropped.
    pub(super) fn set_accounts(&self, accounts: impl Iterator<Item = SavedFrom>) {
        let accounts: Vec<_> = accounts.collect();
        let was_restoring = lock(&self.restored).take().is_some();
        for account in accounts.iter().filter(|_| was_restoring) {
            if let Err(blocked) = account.carry_over.gate.check() {
                let wait = whole_seconds(blocked.until.saturating_duration_since(self.clock.now().mono));
                warn!(account = %account.name, %wait, "account blocked since before the restart, no calls until the wait is over");
            }
        }
        self.accounts.store(Arc::new(accounts));
    }

    /// The folder takes effect at the start alone.
    pub(super) fn check_folder(&self, folder: Option<&Path>) {
        if self.store.as_ref().map(|store| store.folder()) != folder {
            warn!("state.path changed; the change takes effect at the next start");
        }
    }

    /// Saves soon.
    pub(super) fn save_soon(&self) {
        self.urgent.notify_one();
    }

    /// Saves at intervals, and when something is urgent, until `stop` is cancelled; never stops in the middle of a write.
    pub(super) async fn run(&self, stop: CancellationToken) {
        let mut tick = interval_at(Instant::now() + SAVE_EVERY, SAVE_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = self.urgent.notified() => {}
                _ = tick.tick() => {}
            }
            self.save().await;
        }
    }

    /// Saves what is known now. The first time is at the start, so that a folder that cannot be written is known then; the
    /// last time is after all tasks stopped.
    pub(super) async fn save(&self) {
        let Some(store) = self.store.clone() else { return };
        let (accounts, now) = (self.accounts.load_full(), self.clock.now());
        let write = move || {
            let accounts = accounts.iter().map(|account| account.state(now)).collect();
            let written = now.millis();
            store.write(&State { written, accounts })
        };
        let result = match tokio::task::spawn_blocking(write).await {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(panic) => Err(format!("internal error: {panic}")),
        };
        self.metrics.state_written(result.is_ok().then(|| now.unix()));
        let mut failing = lock(&self.failing);
        match result {
            Ok(()) if failing.end() => info!("the state is written again"),
            Err(error) if failing.begin(error.clone()) => {
                warn!("the state is not saved, so a restart would know less: {error}");
            }
            _ => {}
        }
    }
}

impl SavedFrom {
    fn state(&self, now: Timestamp) -> AccountState {
        let carry_over = &self.carry_over;
        let money = carry_over.money.as_ref();
        AccountState {
            name: self.name.clone(),
            credentials: carry_over.fingerprint.clone(),
            gate: carry_over.gate.snapshot(now),
            round: carry_over.round.get(),
            discovery: carry_over.discovery.as_ref().map(|discovery| discovery.get()),
            wallet: money.and_then(|money| to_save(&money.wallet, now)),
            plan: money.and_then(|money| to_save(&money.plan, now)),
            phones: carry_over.listeners.fleet.lock().saved(now),
        }
    }
}

/// Shows a saved value for as long as it would have been shown, at most [`MONEY_SHOWN`].
fn show_again<G: ShowValue>(gauges: &ExpiringGauges<G>, saved: Option<Expiring<G::Value>>, elapsed: ElapsedSinceSave) {
    let Some(Expiring { value, until }) = saved else { return };
    if let Some(until) = elapsed.later(until, MONEY_SHOWN) {
        gauges.show(value, until.into());
    }
}

/// The value that is shown and until when.
fn to_save<G: ShowValue>(gauges: &ExpiringGauges<G>, now: Timestamp) -> Option<Expiring<G::Value>> {
    let (value, until) = gauges.get()?;
    let until = now.millis_at(until.into_std());
    Some(Expiring { value, until })
}

fn whole_seconds(duration: Duration) -> String {
    format_duration(Duration::from_secs(duration.as_secs())).to_string()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
