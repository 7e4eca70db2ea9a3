//! The phones of one account, in batches.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::batch::{BatchState, Tracking};
use super::request::{BatchRequests, Position, RequestedPhone, StatusRequest};
use super::target::Target;
use super::update::{AnswerAnomalies, PhoneUpdate};
use super::view::{BatchView, Phone};
use geelark_client::StatusResponse;
use geelark_client::clock::Timestamp;
use geelark_client::phone::{BATCH_SIZE, PhoneId};

/// The phones of one account, in batches.
#[derive(Debug)]
pub struct Fleet {
    pub(super) account: Arc<str>,
    pub(super) batches: Vec<BatchState>,
}

/// What a response changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct AppliedResponse {
    /// The batches that look different now.
    pub changed: BTreeSet<usize>,
    /// What was odd about the response.
    pub anomalies: AnswerAnomalies,
}

/// What another set of targets changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TargetChanges {
    /// Something looks different now.
    pub changed: bool,
    /// Phones that were not in the fleet before.
    pub added: HashSet<PhoneId>,
}

/// What follows from a request that GeeLark rejects (40004).
#[derive(Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Send the halves: one of them has the invalid id.
    Split(StatusRequest, StatusRequest),
    /// This id alone is invalid; it is left out for [`INVALID_ID_RETRY`](super::batch::INVALID_ID_RETRY).
    InvalidId {
        /// The id.
        id: PhoneId,
        /// It was not known to be invalid.
        is_new: bool,
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

    /// Makes `targets` the whole fleet. Phones that stay keep their state and, wherever possible, their batch; new ones
    /// fill the gaps. Ids must be unique.
    pub fn assign(&mut self, targets: &[Target]) -> TargetChanges {
        let pair = |target: &Target| (target.id.clone(), target.details.clone());
        let mut wanted: HashMap<PhoneId, _> = targets.iter().map(pair).collect();
        let mut changed = false;
        for batch in &mut self.batches {
            changed |= batch.keep(&mut wanted);
        }
        if !changed && wanted.is_empty() {
            return TargetChanges::default();
        }
        let needed = targets.len().div_ceil(BATCH_SIZE);
        let surplus = self.batches.split_off(needed.min(self.batches.len()));
        let moved = surplus.into_iter().flat_map(BatchState::into_phones);
        let new = targets
            .iter()
            .filter(|target| wanted.contains_key(&target.id))
            .map(|target| {
                let details = target.details.clone();
                let phone = Phone {
                    details,
                    ..Phone::unseen(target.id.clone())
                };
                (phone, Tracking::default())
            });
        let mut gap = 0;
        for (phone, tracking) in moved.chain(new) {
            while self.batches.get(gap).is_some_and(BatchState::is_full) {
                gap += 1;
            }
            if gap == self.batches.len() {
                self.batches.push(BatchState::empty(self.account.clone()));
            }
            self.batches[gap].push(phone, tracking);
        }
        TargetChanges {
            changed: true,
            added: wanted.into_keys().collect(),
        }
    }

    /// The account whose phones these are.
    pub fn account(&self) -> &Arc<str> {
        &self.account
    }

    /// The phones as targets.
    pub fn targets(&self) -> impl Iterator<Item = Target> {
        self.views().flat_map(|view| &view.phones).map(|phone| Target {
            id: phone.id.clone(),
            details: phone.details.clone(),
        })
    }

    /// How many phones there are.
    pub fn len(&self) -> usize {
        self.batches.iter().map(BatchState::len).sum()
    }

    /// Whether there are no phones.
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// How many batches there are; a round requests each.
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

    /// The batches in the order in which rounds requested them last, those never requested first.
    pub fn by_last_requested(&self) -> Vec<usize> {
        let mut batches: Vec<usize> = (0..self.batches.len()).collect();
        batches.sort_by_key(|batch| self.batches[*batch].requested());
        batches
    }

    /// A round sends `request` now.
    pub fn set_requested(&mut self, request: &StatusRequest, now: Instant) {
        if let Some(batch) = self.batches.get_mut(request.batch()) {
            batch.set_requested(now);
        }
    }

    /// What a round that begins now requests of `batch`.
    pub fn batch_requests(&self, batch: usize, now: Instant) -> BatchRequests {
        self.batches[batch].requests(batch, now)
    }

    /// What to request outside of a round now: phones that were hinted at, and transient ones (starting, or changed within
    /// [`TRANSIENT_FOR`](super::batch::TRANSIENT_FOR)) of which nothing was heard for `interval`. They count as requested.
    pub fn take_due(&mut self, interval: Duration, now: Instant) -> Option<StatusRequest> {
        let mut due: Vec<RequestedPhone> = Vec::new();
        for (index, batch) in self.batches.iter_mut().enumerate() {
            due.extend(batch.take_due(index, interval, BATCH_SIZE - due.len(), now));
            if due.len() == BATCH_SIZE {
                break;
            }
        }
        StatusRequest::new(due)
    }

    /// A hint says that these phones changed. Ids that are not in the fleet are ignored.
    pub fn hint(&mut self, ids: &HashSet<PhoneId>) {
        for position in self.find(ids.iter()).into_values() {
            self.batches[position.batch].hint(position.index);
        }
    }

    /// Applies the response to `request`. Phones that left the fleet meanwhile are ignored.
    pub fn apply(&mut self, request: &StatusRequest, response: StatusResponse, now: Timestamp) -> AppliedResponse {
        let mut applied = AppliedResponse::default();
        let updates = PhoneUpdate::sort(request, response, &mut applied.anomalies);
        let positions = self.positions(request);
        for ((phone, position), update) in request.phones().iter().zip(positions).zip(updates) {
            let Some(position) = position else { continue };
            let batch = &mut self.batches[position.batch];
            let Some(update) = update else {
                batch.set_unanswered(position.index);
                applied.anomalies.unanswered.push(phone.id.clone());
                continue;
            };
            if batch.apply(position.index, update, now) {
                applied.changed.insert(position.batch);
            }
        }
        applied
    }

    /// GeeLark rejected `request` as invalid (40004), for which one bad id is enough.
    pub fn reject(&mut self, request: &StatusRequest, now: Instant) -> Rejection {
        if let Some((left, right)) = request.halves() {
            return Rejection::Split(left, right);
        }
        let position = self.positions(request)[0];
        let id = request.phones()[0].id.clone();
        let is_new = position.is_some_and(|at| self.batches[at.batch].set_invalid(at.index, now));
        Rejection::InvalidId { id, is_new }
    }

    /// Marks every status as stale that was not confirmed for `stale_after`; returns the batches that look different.
    pub fn expire(&mut self, stale_after: Duration, now: Instant) -> Vec<usize> {
        let batches = self.batches.iter_mut().enumerate();
        batches
            .filter_map(|(index, batch)| batch.expire(stale_after, now).then_some(index))
            .collect()
    }

    /// How many ids are missing from the last answers, including invalid ones.
    pub fn unanswered(&self) -> usize {
        self.batches.iter().map(BatchState::unanswered).sum()
    }

    /// Where the requested phones are now: usually where they were, else wherever another set of targets moved them.
    fn positions(&self, request: &StatusRequest) -> Vec<Option<Position>> {
        let is_there = |phone: &&RequestedPhone| self.phone(phone.position).is_some_and(|it| it.id == phone.id);
        let moved = request
            .phones()
            .iter()
            .filter(|phone| !is_there(phone))
            .map(|phone| &phone.id);
        let found = self.find(moved);
        let position = |phone| {
            if is_there(&phone) {
                Some(phone.position)
            } else {
                found.get(&phone.id).copied()
            }
        };
        request.phones().iter().map(position).collect()
    }

    fn phone(&self, position: Position) -> Option<&Phone> {
        self.batches.get(position.batch)?.view().phones.get(position.index)
    }

    /// The positions of `ids`; a search through the fleet, unless there are none.
    fn find<'a>(&self, ids: impl Iterator<Item = &'a PhoneId>) -> HashMap<PhoneId, Position> {
        let wanted: HashSet<&PhoneId> = ids.collect();
        let mut found = HashMap::new();
        if wanted.is_empty() {
            return found;
        }
        for (batch, state) in self.batches.iter().enumerate() {
            for (index, phone) in state.view().phones.iter().enumerate() {
                if wanted.contains(&phone.id) {
                    found.insert(phone.id.clone(), Position { batch, index });
                }
            }
        }
        found
    }
}
