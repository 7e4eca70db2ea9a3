//! Keeps what is known from one process to the next: hands it out at the start, writes it down while running and at the
//! end.
//!
//! Without `state.path` it does nothing. With it, nothing that goes wrong with the folder touches anything else.

mod record;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

pub(super) use record::SavedFrom;

use super::Error;
use super::metrics::{AccountMetrics, StateMetrics};
use super::watch::CarryOver;
use crate::config::Account;
use crate::fleet::{Fleet, Snapshot};
use crate::metrics::Registry;
use crate::state::{self, State, Store};
use geelark_client::clock::{Clock, ElapsedSinceSave, Timestamp};
use geelark_client::{Budget, Ending, Gate};

/// So much is lost at most when the process is killed. A hundred thousand phones are ten megabytes each time.
const WRITE_EVERY: Duration = Duration::from_secs(30);

/// See the module.
pub(super) struct StateSaver {
    store: Option<Arc<Store>>,
    clock: Clock,
    /// With a folder.
    metrics: Option<StateMetrics>,
    /// What the process before knew, until it is handed out.
    recalled: Mutex<Restored>,
    records: ArcSwap<Vec<SavedFrom>>,
    /// Told when something must not wait to be written: an account was closed, another budget is in force.
    urgent: Arc<Notify>,
    /// Why the last write failed, as it was logged.
    trouble: Mutex<Option<String>>,
}

#[derive(Default)]
struct Restored {
    accounts: HashMap<Arc<str>, state::Account>,
    from: Option<(ElapsedSinceSave, Ending)>,
}

/// Which fleets are written.
#[derive(Clone, Copy)]
enum Fleets {
    /// As they are now.
    Now,
    /// As they were last written: what cannot wait does not wait for them.
    Last,
}

impl StateSaver {
    /// Takes the folder, if one is configured, and reads what it holds. Only that another exporter has it is an error.
    pub(super) fn open(folder: Option<&Path>, clock: Clock, registry: &Registry) -> Result<Self, Error> {
        let now = clock.now();
        let mut recalled = Restored::default();
        let mut store = None;
        if let Some(folder) = folder {
            let (opened, recall) = Store::open(folder, now.millis()).map_err(|error| Error::Run(error.to_string()))?;
            store = Some(Arc::new(opened));
            if let Some(problem) = recall.problem {
                warn!("{problem}");
            }
            if let Some(memory) = recall.memory {
                let age = ElapsedSinceSave::new(memory.written, now).elapsed();
                let age = age.map_or_else(|| "unknown".into(), whole_seconds);
                let previous_end = match recall.ending {
                    Ending::Clean => "in good order",
                    Ending::Unclean => "abrupt",
                };
                info!(folder = %folder.display(), accounts = memory.accounts.len(), phones = memory.phones(), %age, previous_end, "remembering");
                recalled = Restored::new(memory, recall.ending, now);
            }
        }
        Ok(Self {
            metrics: store.is_some().then(|| StateMetrics::new(registry)),
            store,
            clock,
            recalled: Mutex::new(recalled),
            records: ArcSwap::default(),
            urgent: Arc::default(),
            trouble: Mutex::default(),
        })
    }

    /// What an account begins with that this process has not watched yet: what is remembered of it, once, or nothing. How
    /// its last round went is shown again.
    pub(super) fn begin(&self, account: &Account, metrics: &AccountMetrics) -> (CarryOver, Option<Fleet>) {
        let mut carry_over = CarryOver::new(account);
        let mut recalled = lock(&self.recalled);
        let Some((known, (past, ending))) = recalled.accounts.remove(&account.name).zip(recalled.from) else {
            carry_over.gate = Arc::new(Gate::new().change_notify(self.urgent.clone()));
            return (carry_over, None);
        };
        let limits = account.budget;
        let (requests, in_flight) = (limits.requests_per_minute, limits.max_in_flight);
        carry_over.budget = Arc::new(Budget::resume(requests, in_flight, &known.spent, past, ending));
        carry_over.gate = Arc::new(Gate::restored(known.closure, past).change_notify(self.urgent.clone()));
        record::restore(&known, metrics, past);
        if account.credentials.matches_fingerprint(&known.credentials) {
            carry_over.mark = known.credentials;
        } else {
            carry_over.gate.reset_auth_backoff();
        }
        if let Err(held) = carry_over.gate.check() {
            let wait = whole_seconds(held.until.saturating_duration_since(past.now().mono));
            warn!(account = %account.name, %wait, "no calls to this account for a while: it was closed before the restart");
        }
        let fleet = Fleet::restored(account.name.clone(), Arc::unwrap_or_clone(known.phones), past);
        (carry_over, Some(fleet))
    }

    /// From now on these accounts are kept, and what was remembered of others is forgotten.
    pub(super) fn keep(&self, records: impl Iterator<Item = SavedFrom>) {
        self.records.store(Arc::new(records.collect()));
        *lock(&self.recalled) = Restored::default();
    }

    /// The folder, if there is one, takes effect at the start alone.
    pub(super) fn compare(&self, folder: Option<&Path>) {
        if self.store.as_ref().map(|store| store.folder()) != folder {
            warn!("state.path has changed, which takes effect at the next start");
        }
    }

    /// Writes soon.
    pub(super) fn save_soon(&self) {
        self.urgent.notify_one();
    }

    /// Writes now and then, until told to stop, and never stops in the middle.
    pub(super) async fn run(&self, stop: CancellationToken) {
        let mut tick = interval_at(Instant::now() + WRITE_EVERY, WRITE_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let fleets = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = self.urgent.notified() => Fleets::Last,
                _ = tick.tick() => Fleets::Now,
            };
            self.save(fleets).await;
        }
    }

    /// Writes what this process begins with, so that it is known from the start whether that can be done.
    pub(super) async fn save_initial(&self) {
        self.save(Fleets::Last).await;
    }

    async fn save(&self, fleets: Fleets) {
        let mut accounts = Vec::new();
        for record in self.records.load_full().iter() {
            let phones = match fleets {
                Fleets::Now => record.carry_over.snapshot_cell.look().await,
                Fleets::Last => record.carry_over.snapshot_cell.latest(),
            };
            accounts.push((record.clone(), phones));
        }
        self.write(accounts, Ending::Unclean).await;
    }

    /// Writes what is known in the end: nobody may call any more.
    pub(super) async fn end(&self, ended: Vec<(SavedFrom, Option<Fleet>)>) {
        let now = self.clock.now();
        let fleets = ended.into_iter().map(|(record, fleet)| {
            let phones = fleet.map_or_else(
                || record.carry_over.snapshot_cell.latest(),
                |fleet| Arc::new(fleet.snapshot(now)),
            );
            (record, phones)
        });
        self.write(fleets.collect(), Ending::Clean).await;
    }

    async fn write(&self, accounts: Vec<(SavedFrom, Arc<Snapshot>)>, ending: Ending) {
        let Some(store) = self.store.clone() else { return };
        // Read together and after the fleets: what is spent and locked must not be older than what is said to be written.
        let now = self.clock.now();
        let memory = State {
            written: now.millis(),
            accounts: accounts
                .into_iter()
                .map(|(record, phones)| record.account(phones, now))
                .collect(),
        };
        let written = tokio::task::spawn_blocking(move || store.write(&memory, ending)).await;
        let written = match written {
            Ok(written) => written.map_err(|trouble| trouble.to_string()),
            Err(panic) => Err(format!("internal error: {panic}")),
        };
        self.tell(written, now);
    }

    /// One line a change of condition, and the metrics.
    fn tell(&self, written: Result<(), String>, now: Timestamp) {
        let mut known = lock(&self.trouble);
        if let Some(metrics) = &self.metrics {
            metrics.successful.set(written.is_ok().into());
            if written.is_ok() {
                metrics.written.set(now.unix().0);
            }
        }
        match written {
            Ok(()) => {
                if known.take().is_some() {
                    info!("the state is written again");
                }
            }
            Err(trouble) => {
                if known.as_ref() != Some(&trouble) {
                    warn!("the state is not kept, so that a restart would know less: {trouble}");
                    *known = Some(trouble);
                }
            }
        }
    }
}

impl Restored {
    fn new(memory: State, ending: Ending, now: Timestamp) -> Self {
        let from = Some((ElapsedSinceSave::new(memory.written, now), ending));
        let accounts = memory
            .accounts
            .into_iter()
            .map(|account| (account.name.clone(), account));
        Self {
            accounts: accounts.collect(),
            from,
        }
    }
}

fn whole_seconds(duration: Duration) -> String {
    humantime::format_duration(Duration::from_secs(duration.as_secs())).to_string()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What they guard is replaced whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
