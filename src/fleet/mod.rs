//! What is known of one account's phones, and how an answer changes it.
//!
//! Pure state: no async, no HTTP, no Prometheus; time is an argument. Its one owner is the account's poller. What others
//! see are [`BatchView`]s, immutable and replaced whole, so that nobody ever sees half an answer.
//!
//! Always true:
//! - every configured phone is in exactly one batch, under its id, once;
//! - a status is shown ([`Phone::shown`]) only for a phone that was answered within `stale_after`;
//! - an answer touches only phones that were asked about.

mod batch;
mod question;
#[cfg(test)]
mod tests;
mod verdict;
mod view;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use question::{Question, Questions};
pub use view::{BatchView, Phone, Seen, Standing, Tally};

use crate::clock::Moment;
use crate::phone::{Answer, PhoneId};
use batch::{BatchState, Note};
use verdict::Verdict;

/// How long an id that GeeLark refuses (40004) is left out of its batch before it is tried again, alone.
pub const CULPRIT_RETRY: Duration = Duration::from_secs(10 * 60);

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
    pub changed: Vec<usize>,
    /// Ids that were asked about and not answered.
    pub unanswered: Vec<PhoneId>,
    /// Ids that were answered and not asked about; ignored.
    pub strangers: Vec<String>,
    /// Ids that were answered again; only the first word counted.
    pub repeated: Vec<String>,
}

/// What a refused question (40004) leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Ask the halves; one of them has the culprit.
    Split(Question, Question),
    /// This phone alone is refused; it is left out for [`CULPRIT_RETRY`].
    Culprit {
        /// The refused id.
        id: PhoneId,
        /// It was not known to be refused before.
        news: bool,
    },
}

impl Fleet {
    /// Lays `ids` out in batches, nothing known of any. Ids must be unique.
    pub fn new(account: Arc<str>, ids: &[PhoneId]) -> Self {
        Self::adopt(account, ids, [])
    }

    /// Lays `ids` out in batches, keeping what `previous` knew of phones that stay.
    pub fn adopt(account: Arc<str>, ids: &[PhoneId], previous: impl IntoIterator<Item = Self>) -> Self {
        let mut known: HashMap<PhoneId, (Phone, Note)> = previous
            .into_iter()
            .flat_map(|fleet| fleet.batches)
            .flat_map(BatchState::into_phones)
            .map(|(phone, note)| (phone.id.clone(), (phone, note)))
            .collect();
        let mut fleet = Self {
            account,
            batches: Vec::new(),
        };
        for id in ids {
            let (phone, note) = known
                .remove(id)
                .unwrap_or_else(|| (Phone::unseen(id.clone()), Note::default()));
            fleet.push(phone, note);
        }
        fleet
    }

    fn push(&mut self, phone: Phone, note: Note) {
        match self.batches.last_mut() {
            Some(batch) if !batch.is_full() => batch.push(phone, note),
            _ => {
                let mut batch = BatchState::empty(self.account.clone());
                batch.push(phone, note);
                self.batches.push(batch);
            }
        }
    }

    /// The account whose phones these are.
    pub fn account(&self) -> &Arc<str> {
        &self.account
    }

    /// How many batches there are; a round asks each.
    pub fn batches(&self) -> usize {
        self.batches.len()
    }

    /// How `batch` is to be shown now.
    pub fn view(&self, batch: usize) -> Arc<BatchView> {
        self.batches[batch].view().clone()
    }

    /// What to ask about `batch` now.
    pub fn questions(&self, batch: usize, now: Instant) -> Questions {
        self.batches[batch].questions(batch, now)
    }

    /// The ids that `question` asks about.
    pub fn ids(&self, question: &Question) -> Vec<PhoneId> {
        let id = |place: &batch::Place| {
            let phones = &self.batches[place.batch].view().phones;
            phones[usize::from(place.position)].id.clone()
        };
        question.places().iter().map(id).collect()
    }

    /// Takes in the answer to `question`.
    pub fn apply(&mut self, question: &Question, answer: Answer, now: Moment) -> Applied {
        let mut applied = Applied::default();
        let asked = self.ids(question);
        let verdicts = Verdict::sort(&asked, answer, &mut applied);
        for ((place, id), verdict) in question.places().iter().zip(asked).zip(verdicts) {
            let batch = &mut self.batches[place.batch];
            let Some(verdict) = verdict else {
                batch.pass_over(place.position);
                applied.unanswered.push(id);
                continue;
            };
            if batch.take_in(place.position, verdict, now) && applied.changed.last() != Some(&place.batch) {
                applied.changed.push(place.batch);
            }
        }
        applied
    }

    /// GeeLark refused `question` as invalid (40004), which one bad id is enough for.
    pub fn refuse(&mut self, question: &Question, now: Instant) -> Refused {
        if let Some((left, right)) = question.halves() {
            return Refused::Split(left, right);
        }
        let place = question.places()[0];
        let batch = &mut self.batches[place.batch];
        Refused::Culprit {
            id: batch.view().phones[usize::from(place.position)].id.clone(),
            news: batch.set_culprit(place.position, now),
        }
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
}
