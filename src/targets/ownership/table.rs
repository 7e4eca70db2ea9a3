//! The table of owners: who owns an id, who waits for it, and whose turn comes when it is released.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::watch;
use tracing::{info, warn};

use crate::fleet::Target;
use crate::logging::named;
use geelark_client::phone::PhoneId;

pub(super) type AccountKey = usize;

/// Who owns which id, who waits for it, and what each account wants and is granted.
#[derive(Default)]
pub(super) struct OwnershipTable {
    pub(super) next: AccountKey,
    pub(super) accounts: BTreeMap<AccountKey, Claims>,
    /// Whoever shows an id, or did until its poller acknowledges a set without it.
    pub(super) owners: HashMap<PhoneId, AccountKey>,
    /// Accounts that want an id that another one owns.
    pub(super) waiting: HashMap<PhoneId, BTreeSet<AccountKey>>,
}

/// The claims of one account.
pub(super) struct Claims {
    pub(super) name: Arc<str>,
    /// The position in the configuration; the lowest owns an id.
    pub(super) rank: usize,
    pub(super) wanted: Arc<[Target]>,
    pub(super) granted: watch::Sender<Arc<[Target]>>,
    /// Ids that are not granted any more and perhaps still shown.
    pub(super) releasing: HashSet<PhoneId>,
    /// Wanted ids that other accounts own, by the name of the owner.
    pub(super) elsewhere: BTreeMap<Arc<str>, BTreeSet<PhoneId>>,
}

impl OwnershipTable {
    /// Grants these accounts what they want and can have, and those whose turn comes by that.
    pub(super) fn resolve(&mut self, mut keys: Vec<AccountKey>) {
        while let Some(key) = keys.pop() {
            keys.extend(self.resolve_account(key));
        }
    }

    /// Grants one account what it wants and can have; returns the accounts that have to release an id to it.
    fn resolve_account(&mut self, key: AccountKey) -> Vec<AccountKey> {
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

    fn grant(&mut self, key: AccountKey, own: Vec<Target>, elsewhere: BTreeMap<Arc<str>, BTreeSet<PhoneId>>) {
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

    pub(super) fn acknowledge(&mut self, key: AccountKey, targets: &Arc<[Target]>) {
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
    fn first_waiting(&self, id: &PhoneId, before: Option<usize>) -> Option<AccountKey> {
        let rank_of = |key: &AccountKey| self.accounts.get(key).map_or(usize::MAX, |account| account.rank);
        let first = self.waiting.get(id)?.iter().min_by_key(|key| rank_of(key)).copied()?;
        before.is_none_or(|rank| rank_of(&first) < rank).then_some(first)
    }

    /// The account does not wait for ids that it does not want any more.
    fn stop_waiting(&mut self, key: AccountKey, wanted: &[Target]) {
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

    pub(super) fn remove(&mut self, key: AccountKey) {
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
            warn!(%account, other = %owner, phones = ids.len(), ids = %named(ids), "phones are in another account too, which alone watches them");
        }
        if elsewhere.is_empty() && !self.elsewhere.is_empty() {
            info!(%account, "no phone is in another account any more");
        }
        self.elsewhere = elsewhere;
    }
}
