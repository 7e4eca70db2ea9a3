//! What a poller is made from.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::hints::Hints;
use super::metrics::RoundStatus;
use super::snapshot_cell::SnapshotCell;
use crate::exposition::AccountStore;
use crate::fleet::Fleet;
use crate::metrics::CallMetrics;
use crate::targets::OwnTargets;
use geelark_client::Client;
use geelark_client::clock::Clock;

/// The `poll` section of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollSettings {
    /// How often every phone is requested; the budget may make it longer.
    pub interval: Duration,
    /// How often a phone that is starting or changed a moment ago is requested, as far as the budget has calls to spare.
    pub transient_interval: Duration,
    /// After this time without an answer a status is stale; raised to three effective intervals.
    pub stale_after: Duration,
    /// From the first byte of a request to the last of its answer.
    pub timeout: Duration,
}

/// What a poller works with.
pub struct Parts<T> {
    /// Calls GeeLark, within budget and locks.
    pub client: Arc<Client<T>>,
    /// What is known already.
    pub fleet: Fleet,
    /// Which phones to watch. The first round begins when this is marked as changed for the first time.
    pub targets: OwnTargets,
    /// Phones that may have changed.
    pub hints: Hints,
    /// Where the fleet is shown for the state file.
    pub snapshot_cell: SnapshotCell,
    /// Where batches are shown.
    pub store: AccountStore,
    /// Counts calls.
    pub calls: CallMetrics,
    /// Where the last round is shown.
    pub status: Arc<RoundStatus>,
    /// Time.
    pub clock: Clock,
    /// Set when the first round is over, even a failed one.
    pub first_round: Arc<AtomicBool>,
    /// Calls in flight at once.
    pub max_in_flight: usize,
}
