//! Which phones are requested outside of rounds: hinted phones, and transient ones.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use geelark_client::phone::{BATCH_SIZE, PhoneId};

/// How long a phone counts as transient after its last change: it may change again soon.
const TRANSIENT_FOR: Duration = Duration::from_mins(2);

/// While this many phones wait, further hints are dropped. The next round requests those phones anyway.
const MAX_WAITING: usize = 10_000;

/// Phones that are requested outside of rounds, longest wait first. Finding the next one does not depend on their number.
#[derive(Debug, Default)]
pub(super) struct Attention {
    phones: HashMap<PhoneId, Wait>,
    /// The keys of `phones` by [`Wait::last`]: hinted phones come first.
    order: BTreeSet<(Option<Instant>, PhoneId)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Wait {
    /// When the phone was last requested or answered; `None` if a hint said later that it changed.
    last: Option<Instant>,
    /// The phone is transient until then.
    transient_until: Option<Instant>,
}

impl Attention {
    /// A hint says that the phone changed. False if the hint is dropped.
    pub(super) fn hint(&mut self, id: &PhoneId) -> bool {
        let known = self.phones.get(id).copied();
        if known.is_none() && self.phones.len() >= MAX_WAITING {
            return false;
        }
        let last = None;
        self.set(
            id,
            Some(Wait {
                last,
                ..known.unwrap_or_default()
            }),
        );
        true
    }

    /// A response mentioned the phone, which is transient from now on or not.
    pub(super) fn answered(&mut self, id: &PhoneId, is_transient: bool, now: Instant) {
        let known = self.phones.get(id).copied();
        let before = known.and_then(|known| known.transient_until);
        let transient_until = is_transient.then(|| now + TRANSIENT_FOR).or(before);
        // The request may be older than the hint, so the hint stays.
        let is_hinted = known.is_some_and(|known| known.last.is_none());
        let last = (!is_hinted).then_some(now);
        let waits = is_hinted || transient_until > Some(now);
        self.set(id, waits.then_some(Wait { last, transient_until }));
    }

    /// At most a batch of phones to request now: hinted ones, and transient ones that waited for `interval`.
    pub(super) fn take_due(&mut self, interval: Duration, now: Instant) -> Vec<PhoneId> {
        let is_due = |(last, _): &&(Option<Instant>, PhoneId)| {
            last.is_none_or(|last| now.saturating_duration_since(last) >= interval)
        };
        let first: Vec<_> = self.order.iter().take_while(is_due).take(BATCH_SIZE).cloned().collect();
        let mut due = Vec::new();
        for (last, id) in first {
            let transient_until = self.phones.get(&id).and_then(|wait| wait.transient_until);
            let wait = Wait {
                last: Some(now),
                transient_until,
            };
            let is_transient = transient_until > Some(now);
            self.set(&id, is_transient.then_some(wait));
            if last.is_none() || is_transient {
                due.push(id);
            }
        }
        due
    }

    /// Forgets the phone.
    pub(super) fn remove(&mut self, id: &PhoneId) {
        self.set(id, None);
    }

    /// Forgets all phones but these.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&PhoneId) -> bool) {
        self.phones.retain(|id, _| is_kept(id));
        self.order.retain(|(_, id)| is_kept(id));
    }

    fn set(&mut self, id: &PhoneId, wait: Option<Wait>) {
        if let Some(before) = self.phones.remove(id) {
            self.order.remove(&(before.last, id.clone()));
        }
        if let Some(wait) = wait {
            self.phones.insert(id.clone(), wait);
            self.order.insert((wait.last, id.clone()));
        }
    }
}
