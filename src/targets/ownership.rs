//! Ids that several accounts list: the first account in the configuration watches them.
//!
//! Each account publishes the targets that it wants and is granted those that no other account owns. An id changes its
//! owner in two steps: the new set of the old owner lacks it, and when the old owner's poller has acknowledged that set,
//! the new owner is granted the id. So no id is ever shown for two accounts.

mod table;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::fleet::Target;
use table::{AccountKey, Claims, OwnershipTable};

/// The targets of all accounts. A cheap handle.
#[derive(Clone, Default)]
pub struct Ownership(Arc<Mutex<OwnershipTable>>);

/// One account's part. When it is dropped, everything the account owned is free.
pub struct OwnershipHandle {
    ownership: Ownership,
    key: AccountKey,
}

/// The targets that an account is granted, for its poller.
#[derive(Debug)]
pub struct OwnTargets {
    handle: Arc<OwnershipHandle>,
    granted: watch::Receiver<Arc<[Target]>>,
}

impl Ownership {
    /// The part of the account `name`, which comes last until [`Ownership::set_order`].
    pub fn account(&self, name: &Arc<str>) -> Arc<OwnershipHandle> {
        let mut table = self.lock();
        let key = table.next;
        table.next += 1;
        let account = Claims {
            name: name.clone(),
            rank: usize::MAX,
            wanted: Arc::default(),
            granted: watch::Sender::default(),
            releasing: HashSet::new(),
            elsewhere: BTreeMap::new(),
        };
        table.accounts.insert(key, account);
        let ownership = self.clone();
        Arc::new(OwnershipHandle { ownership, key })
    }

    /// The accounts are configured in this order from now on.
    pub fn set_order<'a>(&self, names: impl IntoIterator<Item = &'a Arc<str>>) {
        let ranks: HashMap<_, _> = names.into_iter().zip(0..).collect();
        let mut table = self.lock();
        for account in table.accounts.values_mut() {
            account.rank = ranks.get(&account.name).copied().unwrap_or(usize::MAX);
        }
        let contested: Vec<AccountKey> = table.waiting.values().flatten().copied().collect();
        table.resolve(contested);
    }

    fn lock(&self) -> MutexGuard<'_, OwnershipTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OwnershipHandle {
    /// The account wants exactly `targets` from now on. Ids must be unique.
    pub fn publish(&self, targets: Arc<[Target]>) {
        let mut table = self.ownership.lock();
        if let Some(account) = table.accounts.get_mut(&self.key) {
            account.wanted = targets;
            table.resolve(vec![self.key]);
        }
    }

    /// The first listing is over. An account without targets is told so as well: its first round begins now.
    pub fn announce(&self) {
        if let Some(account) = self.ownership.lock().accounts.get(&self.key) {
            account.granted.send_if_modified(|granted| granted.is_empty());
        }
    }

    /// What the account is granted, now and later. Only changes after this call count as changes.
    pub fn subscribe(self: &Arc<Self>) -> OwnTargets {
        let table = self.ownership.lock();
        let granted = table.accounts.get(&self.key).map(|account| account.granted.subscribe());
        OwnTargets {
            handle: self.clone(),
            granted: granted.unwrap_or_else(|| watch::Sender::default().subscribe()),
        }
    }
}

impl OwnTargets {
    /// Waits until other targets are granted. Cancel safe.
    pub async fn changed(&mut self) {
        if self.granted.changed().await.is_err() {
            // The account is gone, and its poller about to end.
            std::future::pending::<()>().await;
        }
    }

    /// The targets that are granted now, without looking at them.
    #[cfg(test)]
    pub(super) fn peek(&self) -> Arc<[Target]> {
        self.granted.borrow().clone()
    }

    /// Whether other targets were granted since the last look.
    #[cfg(test)]
    pub(super) fn has_changed(&self) -> bool {
        self.granted.has_changed().unwrap_or(false)
    }

    /// Counts the present targets as changed.
    pub fn mark_changed(&mut self) {
        self.granted.mark_changed();
    }

    /// The targets that are granted now.
    pub fn latest(&mut self) -> Arc<[Target]> {
        self.granted.borrow_and_update().clone()
    }

    /// The poller shows exactly `targets`: ids that it showed before are free for other accounts.
    pub fn acknowledge(&self, targets: &Arc<[Target]>) {
        self.handle.ownership.lock().acknowledge(self.handle.key, targets);
    }
}

impl Drop for OwnershipHandle {
    fn drop(&mut self) {
        self.ownership.lock().remove(self.key);
    }
}

impl fmt::Debug for Ownership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ownership({} ids)", self.lock().owners.len())
    }
}

impl fmt::Debug for OwnershipHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnershipHandle({})", self.key)
    }
}

#[cfg(test)]
mod tests;
