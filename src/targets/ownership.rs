//! Ids that several accounts list: the first account in the configuration watches them.
//!
//! Each account publishes the targets that it wants and is granted those that it owns. An id changes its owner in two
//! steps: the new set of the old owner lacks it, and when the old owner's poller has acknowledged that set, the new owner
//! is granted the id. So no id is ever shown for two accounts.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::fleet::Target;
use crate::logging::named;
use geelark_client::phone::PhoneId;

/// The targets of all accounts. A cheap handle.
#[derive(Clone, Default)]
pub struct Ownership(Arc<Mutex<OwnershipTable>>);

#[derive(Default)]
struct OwnershipTable {
    /// In the order of the configuration.
    accounts: Vec<AccountTargets>,
    /// The account that shows an id, or did until its poller acknowledges a set without it.
    shown_by: HashMap<PhoneId, AccountKey>,
    next_key: AccountKey,
}

type AccountKey = usize;

struct AccountTargets {
    key: AccountKey,
    name: Arc<str>,
    wanted: Arc<[Target]>,
    granted: watch::Sender<Arc<[Target]>>,
    /// Wanted ids that earlier accounts own, by the name of the owner.
    elsewhere: BTreeMap<Arc<str>, Vec<PhoneId>>,
}

/// One account's part. When it is dropped, everything the account owned is free.
pub struct OwnershipHandle {
    ownership: Ownership,
    key: AccountKey,
    granted: watch::Receiver<Arc<[Target]>>,
}

impl Ownership {
    /// The part of the account `name`, which comes last until [`Ownership::set_order`].
    pub fn account(&self, name: &Arc<str>) -> Arc<OwnershipHandle> {
        let mut table = self.0.lock();
        let (sender, granted) = watch::channel(Arc::default());
        let key = table.next_key;
        table.next_key += 1;
        table.accounts.push(AccountTargets {
            key,
            name: name.clone(),
            wanted: Arc::default(),
            granted: sender,
            elsewhere: BTreeMap::new(),
        });
        Arc::new(OwnershipHandle {
            ownership: self.clone(),
            key,
            granted,
        })
    }

    /// The accounts are configured in this order from now on.
    pub fn set_order<'a>(&self, names: impl IntoIterator<Item = &'a Arc<str>>) {
        let ranks: HashMap<_, _> = names.into_iter().zip(0..).collect();
        let mut table = self.0.lock();
        table
            .accounts
            .sort_by_key(|account| ranks.get(&account.name).copied().unwrap_or(usize::MAX));
        table.grant();
    }
}

impl OwnershipHandle {
    /// The account wants exactly `targets` from now on. Ids must be unique.
    pub fn publish(&self, targets: Arc<[Target]>) {
        let mut table = self.ownership.0.lock();
        let account = table.account(self.key);
        if let Some(account) = account.filter(|account| account.wanted != targets) {
            account.wanted = targets;
            table.grant();
        }
    }

    /// All lists were read. This counts as a change for an account without targets too: its first round begins now.
    pub fn announce(&self) {
        if let Some(account) = self.ownership.0.lock().account(self.key) {
            account.granted.send_if_modified(|granted| granted.is_empty());
        }
    }

    /// What the account is granted, now and later. Only changes after this call count as changes.
    pub fn subscribe(&self) -> watch::Receiver<Arc<[Target]>> {
        let mut granted = self.granted.clone();
        granted.mark_unchanged();
        granted
    }

    /// The poller shows exactly `targets`: ids that it showed before are free for other accounts.
    pub fn acknowledge(&self, targets: &Arc<[Target]>) {
        let mut table = self.ownership.0.lock();
        // An older set may still have an id that was lost since.
        if Arc::ptr_eq(&self.granted.borrow(), targets) {
            let ids: HashSet<&PhoneId> = targets.iter().map(|target| &target.id).collect();
            table.release(|id, key| key == self.key && !ids.contains(id));
        }
    }
}

impl Drop for OwnershipHandle {
    fn drop(&mut self) {
        let mut table = self.ownership.0.lock();
        table.accounts.retain(|account| account.key != self.key);
        table.release(|_, key| key == self.key);
    }
}

impl OwnershipTable {
    fn account(&mut self, key: AccountKey) -> Option<&mut AccountTargets> {
        self.accounts.iter_mut().find(|account| account.key == key)
    }

    /// Ids for which `is_free` holds are not shown any more.
    fn release(&mut self, is_free: impl Fn(&PhoneId, AccountKey) -> bool) {
        let before = self.shown_by.len();
        self.shown_by.retain(|id, key| !is_free(id, *key));
        if self.shown_by.len() < before {
            self.grant();
        }
    }

    /// Grants every account what it owns, except ids that another account may still show.
    fn grant(&mut self) {
        let mut owners = HashMap::new();
        for account in &mut self.accounts {
            let (mut granted, mut elsewhere) = (Vec::new(), BTreeMap::<_, Vec<_>>::new());
            for target in &*account.wanted {
                let id = &target.id;
                let owner: &Arc<str> = owners.entry(id.clone()).or_insert_with(|| account.name.clone());
                if *owner != account.name {
                    elsewhere.entry(owner.clone()).or_default().push(id.clone());
                } else if *self.shown_by.entry(id.clone()).or_insert(account.key) == account.key {
                    granted.push(target.clone());
                }
            }
            account.granted.send_if_modified(|before| {
                let is_other = **before != *granted;
                if is_other {
                    *before = granted.into();
                }
                is_other
            });
            account.set_elsewhere(elsewhere);
        }
    }
}

impl AccountTargets {
    fn set_elsewhere(&mut self, elsewhere: BTreeMap<Arc<str>, Vec<PhoneId>>) {
        let account = &self.name;
        for (owner, ids) in &elsewhere {
            if self.elsewhere.get(owner) != Some(ids) {
                warn!(%account, other = %owner, phones = ids.len(), ids = %named(ids), "phones are in another account too, which alone watches them");
            }
        }
        if elsewhere.is_empty() && !self.elsewhere.is_empty() {
            info!(%account, "no phone is in another account any more");
        }
        self.elsewhere = elsewhere;
    }
}

#[cfg(test)]
mod tests;
