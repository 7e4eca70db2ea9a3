//! Whose an id is that several accounts have: it is watched through one of them at a time.
//!
//! Always true:
//! - an id has at most one holder;
//! - whoever gives an id up stays its holder for [`LETTING_GO`], so that what is shown of it is gone before another
//!   account shows it;
//! - in the end an id is held by the first account, in configuration order, that wants it and goes on settling.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use geelark_client::phone::PhoneId;

/// How long an id that was given up is kept from others. A poller takes in a new targets within milliseconds; this leaves
/// room for a machine that is out of breath.
pub(super) const LETTING_GO: Duration = Duration::from_secs(5);

/// An account's place in the order of the configuration; a lower one comes first.
type Rank = usize;

/// The one book in which all accounts claim their ids. A cheap handle.
#[derive(Clone, Default)]
pub struct Ownership(Arc<Mutex<Book>>);

/// One account's pen. When the last one of a rank is dropped, whatever the rank held is free.
pub struct OwnershipHandle {
    ownership: Ownership,
    /// Shared by all pens of the account, and written under the book's lock only.
    rank: Arc<AtomicUsize>,
}

/// What an account gets of what it wants.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// The ids that are the account's own; no other account has them, nor will have while they are shown.
    pub own: HashSet<PhoneId>,
    /// The ids that another account has, by that account's name.
    pub others: BTreeMap<Arc<str>, BTreeSet<PhoneId>>,
}

#[derive(Default)]
struct Book {
    holders: HashMap<PhoneId, Rank>,
    /// Who would have an id that another account holds.
    wishes: HashMap<PhoneId, BTreeSet<Rank>>,
    /// What was given up, when, and is not free yet.
    leaving: HashMap<PhoneId, Instant>,
    accounts: BTreeMap<Rank, Account>,
}

struct Account {
    name: Option<Arc<str>>,
    pens: usize,
    rank: Arc<AtomicUsize>,
}

impl Account {
    fn new(rank: Rank) -> Self {
        Self {
            name: None,
            pens: 0,
            rank: Arc::new(AtomicUsize::new(rank)),
        }
    }
}

impl Ownership {
    /// An empty book.
    pub fn new() -> Self {
        Self::default()
    }

    /// The pen of the account that is number `rank`, from 0, in the configuration. RequestedPhone again, it writes for the same
    /// account, so that a reload hands everything over.
    pub fn account(&self, rank: Rank) -> OwnershipHandle {
        let mut book = self.lock();
        let account = book.accounts.entry(rank).or_insert_with(|| Account::new(rank));
        account.pens += 1;
        OwnershipHandle {
            ownership: self.clone(),
            rank: account.rank.clone(),
        }
    }

    /// The configuration has these accounts in this order from now on. Everybody keeps what they hold; accounts that are not
    /// among them come last until they are gone.
    pub fn reorder(&self, names: &[Arc<str>]) {
        let mut book = self.lock();
        let mut last = names.len();
        let ranks: HashMap<Rank, Rank> = book
            .accounts
            .iter()
            .map(|(rank, account)| {
                let place = names.iter().position(|name| account.name.as_ref() == Some(name));
                let place = place.unwrap_or_else(|| {
                    last += 1;
                    last - 1
                });
                (*rank, place)
            })
            .collect();
        book.renumber(|rank| ranks.get(&rank).copied().unwrap_or(rank));
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        // Each line of the book stands by itself; a poisoned lock guards no half of one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OwnershipHandle {
    /// Ownership exactly `wanted` for the account from `now` on: what it held beyond that is given up. An account that never
    /// settles again keeps what it holds.
    pub fn settle<'a>(&self, wanted: impl IntoIterator<Item = &'a PhoneId>, now: Instant) -> Settled {
        let wanted = wanted.into_iter().cloned().collect();
        let mut book = self.ownership.lock();
        let rank = self.rank();
        book.settle(rank, wanted, now)
    }

    /// Whether settling the same again would change something: an id is waited for, or has become free.
    pub(super) fn is_unsettled(&self, now: Instant) -> bool {
        let book = self.ownership.lock();
        book.is_unsettled(self.rank(), now)
    }

    /// What the account is called in other accounts' logs.
    pub(super) fn introduce(&self, name: Arc<str>) {
        if let Some(account) = self.ownership.lock().accounts.get_mut(&self.rank()) {
            account.name = Some(name);
        }
    }

    /// To be read while the book is locked.
    fn rank(&self) -> Rank {
        self.rank.load(Ordering::Relaxed)
    }
}

impl Book {
    fn settle(&mut self, rank: Rank, wanted: HashSet<PhoneId>, now: Instant) -> Settled {
        self.free_what_was_let_go(now);
        self.give_up_what_is_not_wanted(rank, &wanted, now);
        let mut settled = Settled::default();
        for id in wanted {
            match self.claim(&id, rank, now) {
                Ok(()) => {
                    settled.own.insert(id);
                }
                Err(other) => {
                    settled.others.entry(self.name(other)).or_default().insert(id);
                }
            }
        }
        settled
    }

    fn free_what_was_let_go(&mut self, now: Instant) {
        let holders = &mut self.holders;
        self.leaving.retain(|id, since| {
            let stays = !is_over(*since, now);
            if !stays {
                holders.remove(id);
            }
            stays
        });
    }

    fn give_up_what_is_not_wanted(&mut self, rank: Rank, wanted: &HashSet<PhoneId>, now: Instant) {
        for (id, _) in self
            .holders
            .iter()
            .filter(|(id, holder)| **holder == rank && !wanted.contains(*id))
        {
            self.leaving.entry(id.clone()).or_insert(now);
        }
        self.wishes.retain(|id, ranks| {
            if !wanted.contains(id) {
                ranks.remove(&rank);
            }
            !ranks.is_empty()
        });
    }

    /// `id` is `rank`'s from now on or still, or whose it is instead.
    fn claim(&mut self, id: &PhoneId, rank: Rank, now: Instant) -> Result<(), Rank> {
        let holder = self.holders.get(id).copied();
        let better = self.better(id, rank);
        let other = match (holder, better) {
            (Some(holder), Some(better)) if holder == rank => {
                self.leaving.entry(id.clone()).or_insert(now);
                better
            }
            (Some(holder), None) if holder == rank => {
                self.leaving.remove(id);
                self.withdraw(id, rank);
                return Ok(());
            }
            (Some(holder), _) => holder,
            (None, Some(better)) => better,
            (None, None) => {
                self.holders.insert(id.clone(), rank);
                self.withdraw(id, rank);
                return Ok(());
            }
        };
        // It waits in line, also for what it hands over itself: the better one may lose interest.
        self.wishes.entry(id.clone()).or_default().insert(rank);
        Err(other)
    }

    /// Who waits for `id` and comes before `rank`.
    fn better(&self, id: &PhoneId, rank: Rank) -> Option<Rank> {
        self.wishes.get(id)?.first().copied().filter(|first| *first < rank)
    }

    fn withdraw(&mut self, id: &PhoneId, rank: Rank) {
        if let Some(ranks) = self.wishes.get_mut(id) {
            ranks.remove(&rank);
            if ranks.is_empty() {
                self.wishes.remove(id);
            }
        }
    }

    fn is_unsettled(&self, rank: Rank, now: Instant) -> bool {
        self.wishes.iter().any(|(id, ranks)| {
            let first = ranks.first().copied();
            let leaving = self.leaving.get(id);
            match self.holders.get(id).copied() {
                // Somebody better waits, or the better one for whom it was given up has lost interest.
                Some(holder) if holder == rank => match leaving {
                    None => first < Some(rank),
                    Some(_) => first == Some(rank),
                },
                Some(_) => first == Some(rank) && leaving.is_some_and(|since| is_over(*since, now)),
                None => first == Some(rank),
            }
        })
    }

    fn renumber(&mut self, to: impl Fn(Rank) -> Rank) {
        for holder in self.holders.values_mut() {
            *holder = to(*holder);
        }
        for ranks in self.wishes.values_mut() {
            *ranks = ranks.iter().map(|rank| to(*rank)).collect();
        }
        let accounts = std::mem::take(&mut self.accounts).into_iter();
        self.accounts = accounts.map(|(rank, account)| (to(rank), account)).collect();
        for (rank, account) in &self.accounts {
            account.rank.store(*rank, Ordering::Relaxed);
        }
    }

    fn name(&self, rank: Rank) -> Arc<str> {
        let name = self.accounts.get(&rank).and_then(|account| account.name.clone());
        name.unwrap_or_else(|| format!("number {}", rank + 1).into())
    }

    /// A pen of `rank` is gone.
    fn drop_pen(&mut self, rank: Rank) {
        let Some(account) = self.accounts.get_mut(&rank) else {
            return;
        };
        account.pens -= 1;
        if account.pens > 0 {
            return;
        }
        self.accounts.remove(&rank);
        let leaving = &mut self.leaving;
        self.holders.retain(|id, holder| {
            let stays = *holder != rank;
            if !stays {
                leaving.remove(id);
            }
            stays
        });
        self.wishes.retain(|_, ranks| {
            ranks.remove(&rank);
            !ranks.is_empty()
        });
    }
}

/// Whether what was given up at `since` is shown by nobody any more.
fn is_over(since: Instant, now: Instant) -> bool {
    now.saturating_duration_since(since) >= LETTING_GO
}

impl Drop for OwnershipHandle {
    fn drop(&mut self) {
        let mut book = self.ownership.lock();
        let rank = self.rank();
        book.drop_pen(rank);
    }
}

impl fmt::Debug for Ownership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ownership")
            .field("ids", &self.lock().holders.len())
            .finish()
    }
}

impl fmt::Debug for OwnershipHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OwnershipHandle").field(&self.rank()).finish()
    }
}

#[cfg(test)]
mod tests;
