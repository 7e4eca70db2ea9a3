//! What a poller is made from.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::watch;

use super::metrics::RoundStatus;
use super::schedule::PollSettings;
use super::shared_fleet::SharedFleet;
use crate::exposition::AccountStore;
use crate::fleet::Target;
use crate::metrics::CallMetrics;
use crate::targets::OwnershipHandle;
use geelark_client::Client;
use geelark_client::clock::Clock;

/// What a poller works with.
pub struct Parts<T> {
    /// The `poll` section.
    pub settings: PollSettings,
    /// Calls GeeLark, within budget and locks.
    pub client: Arc<Client<T>>,
    /// The account's phones.
    pub fleet: SharedFleet,
    /// Which phones to watch. The first round begins when this is marked as changed for the first time.
    pub targets: watch::Receiver<Arc<[Target]>>,
    /// Learns which targets are shown.
    pub ownership: Arc<OwnershipHandle>,
    /// Publishes batches.
    pub store: AccountStore,
    /// Counts calls.
    pub calls: CallMetrics,
    /// Shows the last round.
    pub status: Arc<RoundStatus>,
    /// The time.
    pub clock: Clock,
    /// Set when the first round is over, even a failed one.
    pub first_round: Arc<AtomicBool>,
}
