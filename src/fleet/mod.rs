//! What is known of one account's phones, and how an answer changes it.
//!
//! Pure state: no async, no HTTP, no Prometheus; time is an argument. Its one owner is the account's poller. What others
//! see are [`BatchView`]s, immutable and replaced whole, so that nobody ever sees half an answer.
//!
//! Always true:
//! - every phone of the targets is in exactly one batch, under its id, once, and no batch could be saved;
//! - a status is shown ([`Phone::shown`]) only for a phone that was answered within `stale_after`;
//! - an answer touches only phones that were asked about.

mod batch;
mod question;
mod snapshot;
#[cfg(test)]
mod tests;
mod verdict;
mod view;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use question::{BatchRequests, StatusRequest};
pub use snapshot::Snapshot;
pub use view::{BatchView, Freshness, ObservedStatus, Phone, StatusCounts};

use batch::{BatchState, Note, Place};
use geelark_client::clock::Timestamp;
use geelark_client::phone::{BATCH_SIZE, PhoneId, StatusResponse, Target};
use question::RequestedPhone;
use verdict::PhoneUpdate;

/// How long an id that GeeLark refuses (40004) is left out of its batch before it is tried again, alone.
pub const INVALID_ID_RETRY: Duration = Duration::from_mins(10);

/// How long a phone whose status changed is watched more closely: what changed once may be on its way to something else.
pub const TRANSIENT_FOR: Duration = Duration::from_mins(2);

/// The phones of one account, in batches.
#[derive(Debug)]
pub struct Fleet {
    account: Arc<str>,
    batches: Vec<BatchState>,
}

/// What an answer did, beyond what the views show. The lists are for the log.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The batches that look different now.
    pub changed: BTreeSet<usize>,
    /// Ids that were asked about and not answered.
    pub unanswered: Vec<PhoneId>,
    /// Ids that were answered and not asked about; ignored.
    pub unrequested_ids: Vec<String>,
    /// Ids that were answered again; only the first word counted.
    pub repeated: Vec<String>,
}

/// What another targets did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Assigned {
    /// Something looks different now.
    pub changed: bool,
    /// Phones that were not in the fleet before.
    pub added: HashSet<PhoneId>,
}

/// What a refused question (40004) leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Ask the halves; one of them has the invalid_id.
    Split(StatusRequest, StatusRequest),
    /// This phone alone is refused; it is left out for [`INVALID_ID_RETRY`].
    InvalidId {
        /// The refused id.
        id: PhoneId,
        /// It was not known to be refused before.
        news: bool,
    },
}

impl Fleet {
    /// An account without phones.
    pub fn new(account: Arc<str>) -> Self {
        Self {
            account,
            batches: Vec::new(),
        }
    }

    /// Makes `members` the whole fleet: phones that stay keep what is known of them and, wherever possible, their
    /// batch; new ones fill the gaps. Ids must be unique.
    pub fn assign(&mut self, members: &[Target]) -> Assigned {
        let mut wanted: HashMap<PhoneId, _> = members
            .iter()
            .map(|member| (member.id.clone(), member.details.clone()))
            .collect();
        let mut changed = false;
        for batch in &mut self.batches {
            changed |= batch.keep(&mut wanted);
        }
        if !changed && wanted.is_empty() {
            return Assigned::default();
        }
        let needed = members.len().div_ceil(BATCH_SIZE);
        let surplus = self.batches.split_off(needed.min(self.batches.len()));
        let moved = surplus.into_iter().flat_map(BatchState::into_phones);
        let new = members
            .iter()
            .filter(|member| wanted.contains_key(&member.id))
            .map(|member| {
                let details = member.details.clone();
                let phone = Phone {
                    details,
                    ..Phone::unseen(member.id.clone())
                };
                (phone, Note::default())
            });
        let mut gap = 0;
        for (phone, note) in moved.chain(new) {
            while self.batches.get(gap).is_some_and(BatchState::is_full) {
                gap += 1;
            }
            if gap == self.batches.len() {
                self.batches.push(BatchState::empty(self.account.clone()));
            }
            self.batches[gap].push(phone, note);
        }
        Assigned {
            changed: true,
            added: wanted.into_keys().collect(),
        }
    }

    /// The account whose phones these are.
    pub fn account(&self) -> &Arc<str> {
        &self.account
    }

    /// The phones, as a targets has them.
    pub fn members(&self) -> impl Iterator<Item = Target> {
        self.views().flat_map(|view| &view.phones).map(|phone| Target {
            id: phone.id.clone(),
            details: phone.details.clone(),
        })
    }

    /// How many phones there are.
    pub fn len(&self) -> usize {
        self.batches.iter().map(BatchState::len).sum()
    }

    /// Whether there is nothing to watch.
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// How many batches there are; a round asks each.
    pub fn batches(&self) -> usize {
        self.batches.len()
    }

    /// How `batch` is to be shown now.
    pub fn view(&self, batch: usize) -> Arc<BatchView> {
        self.batches[batch].view().clone()
    }

    /// How all batches are to be shown now.
    pub fn views(&self) -> impl ExactSizeIterator<Item = &Arc<BatchView>> {
        self.batches.iter().map(BatchState::view)
    }

    /// The batches in the order in which rounds asked about them last, those never asked first.
    pub fn by_last_asked(&self) -> Vec<usize> {
        let mut batches: Vec<usize> = (0..self.batches.len()).collect();
        batches.sort_by_key(|batch| self.batches[*batch].asked());
        batches
    }

    /// A round asks `question` now.
    pub fn set_asked(&mut self, question: &StatusRequest, now: Instant) {
        if let Some(batch) = self.batches.get_mut(question.batch()) {
            batch.set_asked(now);
        }
    }

    /// What a round that begins now has to ask about `batch`.
    pub fn questions(&self, batch: usize, now: Instant) -> BatchRequests {
        self.batches[batch].questions(batch, now)
    }

    /// What to ask out of turn now, noted as asked: phones that were hinted at, and restless ones (in Starting, or changed
    /// within [`TRANSIENT_FOR`]) that were not heard of for `interval`.
    pub fn out_of_turn(&mut self, interval: Duration, now: Instant) -> Option<StatusRequest> {
        let mut asked: Vec<RequestedPhone> = Vec::new();
        for (index, batch) in self.batches.iter_mut().enumerate() {
            asked.extend(batch.out_of_turn(index, interval, BATCH_SIZE - asked.len(), now));
            if asked.len() == BATCH_SIZE {
                break;
            }
        }
        StatusRequest::about(asked)
    }

    /// Somebody said that these phones changed: they are to be asked about out of turn. Ids of others are ignored.
    pub fn hint(&mut self, ids: &HashSet<PhoneId>) {
        for place in self.find(ids.iter()).into_values() {
            self.batches[place.batch].hint(place.position);
        }
    }

    /// Takes in the answer to `question`. Phones that left the fleet meanwhile are passed over in silence.
    pub fn apply(&mut self, question: &StatusRequest, answer: StatusResponse, now: Timestamp) -> Applied {
        let mut applied = Applied::default();
        let verdicts = PhoneUpdate::sort(question, answer, &mut applied);
        let places = self.places(question);
        for ((asked, place), verdict) in question.asked().iter().zip(places).zip(verdicts) {
            let Some(place) = place else { continue };
            let batch = &mut self.batches[place.batch];
            let Some(verdict) = verdict else {
                batch.pass_over(place.position);
                applied.unanswered.push(asked.id.clone());
                continue;
            };
            if batch.take_in(place.position, verdict, now) {
                applied.changed.insert(place.batch);
            }
        }
        applied
    }

    /// GeeLark refused `question` as invalid (40004), which one bad id is enough for.
    pub fn refuse(&mut self, question: &StatusRequest, now: Instant) -> Refused {
        if let Some((left, right)) = question.halves() {
            return Refused::Split(left, right);
        }
        let place = self.places(question)[0];
        let id = question.asked()[0].id.clone();
        let news = place.is_some_and(|place| self.batches[place.batch].set_invalid_id(place.position, now));
        Refused::InvalidId { id, news }
    }

    /// Takes back every status that was not confirmed for `stale_after`; returns the batches that look different.
    pub fn expire(&mut self, stale_after: Duration, now: Instant) -> Vec<usize> {
        let mut changed = Vec::new();
        for (index, batch) in self.batches.iter_mut().enumerate() {
            if batch.expire(stale_after, now) {
                changed.push(index);
            }
        }
        changed
    }

    /// How many ids the last answers passed over, refused ids included.
    pub fn unanswered(&self) -> usize {
        self.batches.iter().map(BatchState::unanswered).sum()
    }

    /// Where the phones of a question stand now: usually where they stood, else wherever the targets put them since.
    fn places(&self, question: &StatusRequest) -> Vec<Option<Place>> {
        let stands = |asked: &&RequestedPhone| self.phone(asked.place).is_some_and(|phone| phone.id == asked.id);
        let moved = question
            .asked()
            .iter()
            .filter(|asked| !stands(asked))
            .map(|asked| &asked.id);
        let found = self.find(moved);
        question
            .asked()
            .iter()
            .map(|asked| {
                if stands(&asked) {
                    Some(asked.place)
                } else {
                    found.get(&asked.id).copied()
                }
            })
            .collect()
    }

    fn phone(&self, place: Place) -> Option<&Phone> {
        self.batches.get(place.batch)?.view().phones.get(place.position)
    }

    /// Looks for ids in the whole fleet; costs nothing if there are none to look for.
    fn find<'a>(&self, ids: impl Iterator<Item = &'a PhoneId>) -> HashMap<PhoneId, Place> {
        let wanted: HashSet<&PhoneId> = ids.collect();
        let mut found = HashMap::new();
        if wanted.is_empty() {
            return found;
        }
        for (batch, state) in self.batches.iter().enumerate() {
            for (position, phone) in state.view().phones.iter().enumerate() {
                if wanted.contains(&phone.id) {
                    found.insert(phone.id.clone(), Place { batch, position });
                }
            }
        }
        found
    }
}
