//! The phones of one account, in batches.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::attention::Attention;
use super::batch::{Batch, Tracking};
use super::phone::{BatchView, Freshness, Phone};
use super::target::Target;
use geelark_client::clock::{ElapsedSinceSave, Timestamp, UnixMillis};
use geelark_client::phone::{BATCH_SIZE, PhoneId, Status};
use geelark_client::{FailedPhone, StatusResponse};

/// How long an id that GeeLark rejects (40004) is left out of its batch before it is requested again, alone.
const INVALID_ID_RETRY: Duration = Duration::from_mins(10);

/// The phones of one account, in batches.
#[derive(Debug)]
pub struct Fleet {
    account: Arc<str>,
    batches: Vec<Batch>,
    positions: HashMap<PhoneId, Position>,
    attention: Attention,
}

/// Where a phone is.
#[derive(Clone, Copy, Debug)]
struct Position {
    batch: usize,
    /// Within the batch.
    index: usize,
}

/// What a round requests.
#[derive(Debug, Default)]
pub struct RoundRequests {
    /// The number of each batch and its valid ids. The batch that rounds requested longest ago comes first.
    pub batches: Vec<(usize, Vec<PhoneId>)>,
    /// Invalid ids that are due to be requested again. Each needs a request of its own.
    pub invalid_ids: Vec<PhoneId>,
}

/// What a response changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct AppliedResponse {
    /// The batches whose view changed.
    pub changed: BTreeSet<usize>,
    /// How the response differs from the request.
    pub anomalies: AnswerAnomalies,
}

/// How a response differs from its request, for the log.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub struct AnswerAnomalies {
    /// Requested ids that the response does not mention.
    pub unanswered: Vec<String>,
    /// Ids in the response that were not requested. They are ignored.
    pub unrequested_ids: Vec<String>,
    /// Ids that the response mentions again. The first mention counts.
    pub repeated: Vec<String>,
}

impl Fleet {
    /// An account without phones.
    pub fn new(account: Arc<str>) -> Self {
        Self {
            account,
            batches: Vec::new(),
            positions: HashMap::new(),
            attention: Attention::default(),
        }
    }

    /// The fleet that an earlier process saved with [`Fleet::saved`]. A status of unknown age is stale; [`Fleet::expire`]
    /// marks those that are too old.
    pub fn restored(account: Arc<str>, saved: Vec<(Phone, Option<UnixMillis>)>, elapsed: ElapsedSinceSave) -> Self {
        let now = elapsed.now.unix();
        let phones = saved.into_iter().map(|(mut phone, answered)| {
            let answered = answered.and_then(|at| elapsed.earlier(at));
            if let Some(last) = &mut phone.last {
                // The wall clock may have been set back since.
                last.since = last.since.min(now);
            }
            if answered.is_none() && phone.freshness == Freshness::Fresh {
                phone.freshness = Freshness::Stale;
            }
            let tracking = Tracking {
                answered,
                ..Tracking::default()
            };
            (phone, tracking)
        });
        let mut fleet = Self::new(account);
        fleet.place(phones);
        fleet
    }

    /// Every phone and when it was last answered, for the state file.
    pub fn saved(&self, now: Timestamp) -> Vec<(Phone, Option<UnixMillis>)> {
        let phones = self
            .batches
            .iter()
            .flat_map(|batch| batch.view.phones.iter().zip(&batch.tracking));
        let saved = phones.map(|(phone, tracking)| (phone.clone(), tracking.answered.map(|at| now.millis_at(at))));
        saved.collect()
    }

    /// Makes `targets` the whole fleet. Phones that stay keep their state and, wherever possible, their batch; new ones
    /// fill the gaps. Ids must be unique. Returns the ids that are new, or `None` if nothing changed.
    pub fn assign(&mut self, targets: &[Target]) -> Option<Vec<PhoneId>> {
        let mut wanted: HashMap<&PhoneId, &Target> = targets.iter().map(|target| (&target.id, target)).collect();
        let mut is_changed = false;
        for batch in &mut self.batches {
            is_changed |= batch.keep(&mut wanted);
        }
        if !is_changed && wanted.is_empty() {
            return None;
        }
        let needed = targets.len().div_ceil(BATCH_SIZE).min(self.batches.len());
        let moved: Vec<_> = self.batches.drain(needed..).flat_map(Batch::into_phones).collect();
        let added: Vec<&Target> = targets.iter().filter(|it| wanted.contains_key(&it.id)).collect();
        let new = added.iter().map(|target| (Phone::new(target), Tracking::default()));
        self.place(moved.into_iter().chain(new));
        self.attention.retain(|id| self.positions.contains_key(id));
        Some(added.into_iter().map(|target| target.id.clone()).collect())
    }

    /// Puts each phone into the first batch that has room, or else into a new batch.
    fn place(&mut self, phones: impl Iterator<Item = (Phone, Tracking)>) {
        let mut gap = 0;
        for (phone, tracking) in phones {
            while self.batches.get(gap).is_some_and(Batch::is_full) {
                gap += 1;
            }
            if gap == self.batches.len() {
                self.batches.push(Batch::new(self.account.clone()));
            }
            self.batches[gap].push(phone, tracking);
        }
        self.positions.clear();
        for (batch, state) in self.batches.iter().enumerate() {
            let ids = state.view.phones.iter().map(|phone| phone.id.clone());
            self.positions
                .extend(ids.zip((0..).map(|index| Position { batch, index })));
        }
    }

    /// The account whose phones these are.
    pub fn account(&self) -> &Arc<str> {
        &self.account
    }

    /// The phones as targets.
    pub fn targets(&self) -> impl Iterator<Item = Target> {
        let phones = self.batches.iter().flat_map(|batch| &batch.view.phones);
        phones.map(|phone| Target {
            id: phone.id.clone(),
            details: phone.details.clone(),
        })
    }

    /// How many batches there are. A round requests each.
    pub fn batches(&self) -> usize {
        self.batches.len()
    }

    /// What is shown of each batch.
    pub fn views(&self) -> Vec<Arc<BatchView>> {
        self.batches.iter().map(|batch| batch.view.clone()).collect()
    }

    /// What is shown of `batch`.
    pub fn view(&self, batch: usize) -> Arc<BatchView> {
        self.batches[batch].view.clone()
    }

    /// How many ids are missing from the last answers, including invalid ones.
    pub fn unanswered(&self) -> usize {
        let tracking = self.batches.iter().flat_map(|batch| &batch.tracking);
        tracking.filter(|tracking| tracking.unanswered).count()
    }

    /// What a round that begins now requests.
    pub fn round_requests(&self, now: Instant) -> RoundRequests {
        let mut batches: Vec<(usize, &Batch)> = self.batches.iter().enumerate().collect();
        batches.sort_by_key(|(_, batch)| batch.requested);
        let mut requests = RoundRequests::default();
        for (number, batch) in batches {
            let mut ids = Vec::with_capacity(batch.tracking.len());
            for (phone, tracking) in batch.view.phones.iter().zip(&batch.tracking) {
                match tracking.invalid_until {
                    None => ids.push(phone.id.clone()),
                    Some(until) if until <= now => requests.invalid_ids.push(phone.id.clone()),
                    Some(_) => {}
                }
            }
            if !ids.is_empty() {
                requests.batches.push((number, ids));
            }
        }
        requests
    }

    /// A round requests `batch` now.
    pub fn set_requested(&mut self, batch: usize, now: Instant) {
        if let Some(batch) = self.batches.get_mut(batch) {
            batch.requested = Some(now);
        }
    }

    /// What to request outside of a round now: hinted phones, and transient ones (starting, or changed within two minutes)
    /// that were neither requested nor answered for `interval`. They count as requested.
    pub fn take_due(&mut self, interval: Duration, now: Instant) -> Vec<PhoneId> {
        self.attention.take_due(interval, now)
    }

    /// Hints say that these phones changed. Ids that are invalid or not in the fleet are ignored. Returns how many hints
    /// are dropped because too many phones wait already.
    pub fn hint(&mut self, ids: &[PhoneId]) -> usize {
        let mut dropped = 0;
        for id in ids {
            if let Some(at) = self.positions.get(id)
                && self.batches[at.batch].tracking[at.index].invalid_until.is_none()
                && !self.attention.hint(id)
            {
                dropped += 1;
            }
        }
        dropped
    }

    /// Applies the response to a request for `ids`. Phones that left the fleet meanwhile are ignored.
    pub fn apply(&mut self, ids: &[PhoneId], response: StatusResponse, now: Timestamp) -> AppliedResponse {
        let mut applied = AppliedResponse::default();
        let found = response.found.into_iter();
        let found = found.map(|phone| (phone.id, Some(phone.status), phone.name));
        let failed = response.failed.into_iter().filter_map(|phone| match phone.code {
            FailedPhone::NOT_FOUND => Some((phone.id, None, None)),
            FailedPhone::EXPIRED => Some((phone.id, Some(Status::EXPIRED), None)),
            // The code says nothing about the phone.
            _ => None,
        });
        // Whether the response mentioned the id.
        let mut requested: HashMap<&str, bool> = ids.iter().map(|id| (id.as_str(), false)).collect();
        for (id, status, name) in found.chain(failed) {
            match requested.get_mut(&*id) {
                None => applied.anomalies.unrequested_ids.push(id),
                Some(true) => applied.anomalies.repeated.push(id),
                Some(is_mentioned) => {
                    *is_mentioned = true;
                    let Some((id, at)) = self.positions.get_key_value(&*id) else {
                        continue;
                    };
                    let answer = self.batches[at.batch].apply(at.index, status, name, now);
                    self.attention.answered(id, answer.is_transient, now.mono);
                    if answer.is_changed {
                        applied.changed.insert(at.batch);
                    }
                }
            }
        }
        for id in ids.iter().filter(|id| !requested[id.as_str()]) {
            if let Some(at) = self.positions.get(id) {
                self.batches[at.batch].tracking[at.index].unanswered = true;
                applied.anomalies.unanswered.push(id.to_string());
            }
        }
        applied
    }

    /// GeeLark rejects `id` alone, so it is invalid. True if that was not known.
    pub fn set_invalid(&mut self, id: &PhoneId, now: Instant) -> bool {
        let Some(at) = self.positions.get(id) else { return false };
        self.attention.remove(id);
        let tracking = &mut self.batches[at.batch].tracking[at.index];
        tracking.unanswered = true;
        tracking.invalid_until.replace(now + INVALID_ID_RETRY).is_none()
    }

    /// Marks every status as stale that was not confirmed for `stale_after`. Returns the batches whose view changed.
    pub fn expire(&mut self, stale_after: Duration, now: Instant) -> Vec<usize> {
        let batches = self.batches.iter_mut().enumerate();
        batches
            .filter_map(|(number, batch)| batch.expire(stale_after, now).then_some(number))
            .collect()
    }
}
