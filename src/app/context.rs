//! What all accounts share.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::metrics::registry;
use crate::exposition::MetricsStore;
use crate::metrics::Registry;
use crate::targets::Ownership;
use crate::webhook::RelayClient;
use geelark_client::SetupError;
use geelark_client::clock::Clock;

/// What all accounts share.
pub(super) struct Context {
    pub(super) store: MetricsStore,
    pub(super) registry: Registry,
    pub(super) clock: Clock,
    pub(super) ownership: Ownership,
    pub(super) relay_client: RelayClient,
    /// Notified when the state must be saved at once: an account was blocked, the configuration changed.
    pub(super) save_soon: Arc<Notify>,
    /// Cancelled when a task panicked that must not end.
    pub(super) broken: CancellationToken,
}

impl Context {
    pub(super) fn new(clock: Clock) -> Result<Self, SetupError> {
        let registry = registry();
        Ok(Self {
            store: MetricsStore::new(registry.clone()),
            registry,
            clock,
            ownership: Ownership::default(),
            relay_client: RelayClient::new()?,
            save_soon: Arc::default(),
            broken: CancellationToken::new(),
        })
    }
}
