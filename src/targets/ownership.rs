//! Ids that several accounts list: the first account in the configuration watches them.
//!
//! Each account publishes the targets that it wants and is granted those that no other account owns. An id changes its
//! owner in two steps: the new set of the old owner lacks it, and when the old owner's poller has acknowledged that set,
//! the new owner is granted the id. So no id is ever shown for two accounts.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tracing::{info, warn};

use crate::fleet::Target;
use geelark_client::phone::PhoneId;

/// This many ids are named in one line of the log.
const NAMED_IDS: usize = 5;

type Key = usize;

/// The targets of all accounts. A cheap handle.
#[derive(Clone, Default)]
pub struct Ownership(Arc<Mutex<OwnershipTable>>);

/// One account's part. When it is dropped, everything the account owned is free.
pub struct OwnershipHandle {
    ownership: Ownership,
    key: Key,
}

/// The targets that an account is granted, for its poller.
#[derive(Debug)]
pub struct OwnTargets {
    handle: Arc<OwnershipHandle>,
    granted: watch::Receiver<Arc<[Target]>>,
}

#[derive(Default)]
struct OwnershipTable {
    next: Key,
    accounts: BTreeMap<Key, Claims>,
    /// Whoever shows an id, or did until its poller acknowledges a set without it.
    owners: HashMap<PhoneId, Key>,
    /// Accounts that want an id that another one owns.
    waiting: HashMap<PhoneId, BTreeSet<Key>>,
}

struct Claims {
    name: Arc<str>,
    /// The position in the configuration; the lowest owns an id.
    rank: usize,
    wanted: Arc<[Target]>,
    granted: watch::Sender<Arc<[Target]>>,
    /// Ids that are not granted any more and perhaps still shown.
    releasing: HashSet<PhoneId>,
    /// Wanted ids that other accounts own, by the name of the owner.
    elsewhere: BTreeMap<Arc<str>, BTreeSet<PhoneId>>,
}

impl Ownership {
    /// The part of the account `name`, which comes last until [`Ownership::set_order`].
    pub fn account(&self, name: &Arc<str>) -> Arc<OwnershipHandle> {
        let mut registry = self.lock();
        let key = registry.next;
        registry.next += 1;
        let account = Claims {
            name: name.clone(),
            rank: usize::MAX,
            wanted: Arc::default(),
            granted: watch::Sender::default(),
            releasing: HashSet::new(),
            elsewhere: BTreeMap::new(),
        };
        registry.accounts.insert(key, account);
        let ownership = self.clone();
        Arc::new(OwnershipHandle { ownership, key })
    }

    /// The accounts are configured in this order from now on.
    pub fn set_order<'a>(&self, names: impl IntoIterator<Item = &'a Arc<str>>) {
        let ranks: HashMap<_, _> = names.into_iter().zip(0..).collect();
        let mut registry = self.lock();
        for account in registry.accounts.values_mut() {
            account.rank = ranks.get(&account.name).copied().unwrap_or(usize::MAX);
        }
        let contested: Vec<Key> = registry.waiting.values().flatten().copied().collect();
        registry.resolve(contested);
    }

    fn lock(&self) -> MutexGuard<'_, OwnershipTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OwnershipHandle {
    /// The account wants exactly `targets` from now on. Ids must be unique.
    pub fn publish(&self, targets: Arc<[Target]>) {
        let mut registry = self.ownership.lock();
        if let Some(account) = registry.accounts.get_mut(&self.key) {
            account.wanted = targets;
            registry.resolve(vec![self.key]);
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
        let registry = self.ownership.lock();
        let granted = registry
            .accounts
            .get(&self.key)
            .map(|account| account.granted.subscribe());
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

impl OwnershipTable {
    /// Grants these accounts what they want and can have, and those whose turn comes by that.
    fn resolve(&mut self, mut keys: Vec<Key>) {
        while let Some(key) = keys.pop() {
            keys.extend(self.resolve_account(key));
        }
    }

    /// Grants one account what it wants and can have; returns the accounts that have to release an id to it.
    fn resolve_account(&mut self, key: Key) -> Vec<Key> {
        let Some(Claims { wanted, rank, .. }) = self.accounts.get(&key) else {
            return Vec::new();
        };
        let (wanted, rank) = (wanted.clone(), *rank);
        self.stop_waiting(key, &wanted);
        let (mut own, mut elsewhere, mut owners) = (Vec::new(), BTreeMap::<_, BTreeSet<_>>::new(), Vec::new());
        for target in &*wanted {
            let owner = self.owners.get(&target.id).copied().filter(|owner| *owner != key);
            let winner = owner.or_else(|| self.first_waiting(&target.id, Some(rank)));
            let Some(winner) = winner else {
                self.owners.insert(target.id.clone(), key);
                own.push(target.clone());
                continue;
            };
            self.waiting.entry(target.id.clone()).or_default().insert(key);
            let Some(other) = self.accounts.get(&winner) else {
                continue;
            };
            elsewhere
                .entry(other.name.clone())
                .or_default()
                .insert(target.id.clone());
            if owner.is_some() && other.rank > rank && !other.releasing.contains(&target.id) {
                owners.push(winner);
            }
        }
        self.grant(key, own, elsewhere);
        owners
    }

    fn grant(&mut self, key: Key, own: Vec<Target>, elsewhere: BTreeMap<Arc<str>, BTreeSet<PhoneId>>) {
        let Self { accounts, waiting, .. } = self;
        let Some(account) = accounts.get_mut(&key) else { return };
        let ids: HashSet<&PhoneId> = own.iter().map(|target| &target.id).collect();
        for id in &ids {
            if let Some(keys) = waiting.get_mut(*id) {
                keys.remove(&key);
            }
        }
        waiting.retain(|_, keys| !keys.is_empty());
        let before = account.granted.borrow().clone();
        let lost = before
            .iter()
            .map(|target| &target.id)
            .filter(|id| !ids.contains(id))
            .cloned();
        account.releasing.retain(|id| !ids.contains(id));
        account.releasing.extend(lost);
        if *before != *own {
            account.granted.send_replace(own.into());
        }
        account.set_elsewhere(elsewhere);
    }

    fn acknowledge(&mut self, key: Key, targets: &Arc<[Target]>) {
        let Some(account) = self.accounts.get_mut(&key) else {
            return;
        };
        // An older set may still have an id that was lost since.
        if Arc::ptr_eq(&account.granted.borrow(), targets) {
            let released = std::mem::take(&mut account.releasing);
            self.free(released);
        }
    }

    /// These ids have no owner any more.
    fn free(&mut self, ids: impl IntoIterator<Item = PhoneId>) {
        let mut next = Vec::new();
        for id in ids {
            self.owners.remove(&id);
            next.extend(self.first_waiting(&id, None));
        }
        self.resolve(next);
    }

    /// The first account that waits for `id`; with a rank, only one before it.
    fn first_waiting(&self, id: &PhoneId, before: Option<usize>) -> Option<Key> {
        let rank_of = |key: &Key| self.accounts.get(key).map_or(usize::MAX, |account| account.rank);
        let first = self.waiting.get(id)?.iter().min_by_key(|key| rank_of(key)).copied()?;
        before.is_none_or(|rank| rank_of(&first) < rank).then_some(first)
    }

    /// The account does not wait for ids that it does not want any more.
    fn stop_waiting(&mut self, key: Key, wanted: &[Target]) {
        if self.waiting.values().all(|keys| !keys.contains(&key)) {
            return;
        }
        let wanted: HashSet<&PhoneId> = wanted.iter().map(|target| &target.id).collect();
        self.waiting.retain(|id, keys| {
            if !wanted.contains(id) {
                keys.remove(&key);
            }
            !keys.is_empty()
        });
    }

    fn remove(&mut self, key: Key) {
        self.accounts.remove(&key);
        self.stop_waiting(key, &[]);
        let owned = self
            .owners
            .iter()
            .filter(|(_, owner)| **owner == key)
            .map(|(id, _)| id.clone());
        self.free(owned.collect::<Vec<_>>());
    }
}

impl Claims {
    fn set_elsewhere(&mut self, elsewhere: BTreeMap<Arc<str>, BTreeSet<PhoneId>>) {
        let account = &self.name;
        for (owner, ids) in elsewhere
            .iter()
            .filter(|(owner, ids)| self.elsewhere.get(*owner) != Some(ids))
        {
            let named: Vec<&str> = ids.iter().take(NAMED_IDS).map(PhoneId::as_str).collect();
            let more = ids.len().saturating_sub(NAMED_IDS);
            warn!(%account, other = %owner, phones = ids.len(), ids = ?named, more, "phones are in another account too, which alone watches them");
        }
        if elsewhere.is_empty() && !self.elsewhere.is_empty() {
            info!(%account, "no phone is in another account any more");
        }
        self.elsewhere = elsewhere;
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
