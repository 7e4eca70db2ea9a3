//! The phones of one account, in batches.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::attention::Attention;
use super::batch::Batch;
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
    /// An entry for each phone of `batches`.
    tracking: HashMap<PhoneId, Tracking>,
    attention: Attention,
}

/// What is tracked of a phone and not shown.
#[derive(Clone, Copy, Debug, Default)]
struct Tracking {
    batch: usize,
    /// The phone's place in the batch.
    index: usize,
    /// When a response last mentioned the phone.
    answered: Option<Instant>,
    /// The last response did not mention the phone, or GeeLark rejects its id.
    unanswered: bool,
    /// GeeLark rejects requests that contain the id. At this time it is requested again, alone.
    invalid_until: Option<Instant>,
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
            tracking: HashMap::new(),
            attention: Attention::default(),
        }
    }

    /// The fleet that an earlier process saved with [`Fleet::saved`]. A status of unknown age is stale; [`Fleet::expire`]
    /// marks those that are too old.
    pub fn restored(account: Arc<str>, saved: Vec<(Phone, Option<UnixMillis>)>, elapsed: ElapsedSinceSave) -> Self {
        let mut fleet = Self::new(account);
        let mut phones = Vec::with_capacity(saved.len());
        for (mut phone, answered) in saved {
            let answered = answered.and_then(|at| elapsed.earlier(at));
            if let Some(last) = &mut phone.last {
                // The wall clock may have been set back since.
                last.since = last.since.min(elapsed.now.unix());
            }
            if answered.is_none() && phone.freshness == Freshness::Fresh {
                phone.freshness = Freshness::Stale;
            }
            let tracking = Tracking {
                answered,
                ..Tracking::default()
            };
            fleet.tracking.insert(phone.id.clone(), tracking);
            phones.push(phone);
        }
        fleet.place(phones);
        fleet
    }

    /// Every phone and when it was last answered, for the state file.
    pub fn saved(&self, now: Timestamp) -> Vec<(Phone, Option<UnixMillis>)> {
        let answered = |phone: &Phone| self.tracking[&phone.id].answered.map(|at| now.millis_at(at));
        self.phones().map(|phone| (phone.clone(), answered(phone))).collect()
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
        let mut phones: Vec<Phone> = self.batches.drain(needed..).flat_map(Batch::into_phones).collect();
        let added: Vec<&Target> = targets.iter().filter(|it| wanted.contains_key(&it.id)).collect();
        phones.extend(added.iter().map(|target| Phone::new(target)));
        self.place(phones);
        self.attention.retain(|id| self.tracking.contains_key(id));
        Some(added.into_iter().map(|target| target.id.clone()).collect())
    }

    /// Fills the gaps of the batches with `phones`, and adds batches for the rest.
    fn place(&mut self, phones: Vec<Phone>) {
        let mut phones = phones.into_iter().peekable();
        for batch in &mut self.batches {
            let room = BATCH_SIZE.saturating_sub(batch.view.phones.len());
            if room > 0 && phones.peek().is_some() {
                Arc::make_mut(&mut batch.view).phones.extend(phones.by_ref().take(room));
            }
        }
        while phones.peek().is_some() {
            let (account, phones) = (self.account.clone(), phones.by_ref().take(BATCH_SIZE).collect());
            self.batches.push(Batch::new(BatchView { account, phones }));
        }
        let mut before = std::mem::take(&mut self.tracking);
        for (batch, state) in self.batches.iter_mut().enumerate() {
            for (index, phone) in state.view.phones.iter().enumerate() {
                let known = before.remove(&phone.id).unwrap_or_default();
                state.oldest = state.oldest.into_iter().chain(known.answered).min();
                let tracking = Tracking { batch, index, ..known };
                self.tracking.insert(phone.id.clone(), tracking);
            }
        }
    }

    /// The account whose phones these are.
    pub fn account(&self) -> &Arc<str> {
        &self.account
    }

    fn phones(&self) -> impl Iterator<Item = &Phone> {
        self.batches.iter().flat_map(|batch| &batch.view.phones)
    }

    /// The phones as targets.
    pub fn targets(&self) -> impl Iterator<Item = Target> {
        self.phones().map(|phone| Target {
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
        self.tracking.values().filter(|tracking| tracking.unanswered).count()
    }

    /// What a round that begins now requests.
    pub fn round_requests(&self, now: Instant) -> RoundRequests {
        let mut batches: Vec<(usize, &Batch)> = self.batches.iter().enumerate().collect();
        batches.sort_by_key(|(_, batch)| batch.requested);
        let mut requests = RoundRequests::default();
        for (number, batch) in batches {
            let mut ids = Vec::with_capacity(batch.view.phones.len());
            for phone in &batch.view.phones {
                match self.tracking[&phone.id].invalid_until {
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
        let is_valid = |id: &&PhoneId| self.tracking.get(*id).is_some_and(|it| it.invalid_until.is_none());
        let hinted = ids.iter().filter(is_valid).map(|id| self.attention.hint(id));
        hinted.filter(|is_taken| !is_taken).count()
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
        // Ids that the response has not mentioned yet.
        let mut open: HashMap<&str, Option<&PhoneId>> = ids.iter().map(|id| (id.as_str(), Some(id))).collect();
        for (text, status, name) in found.chain(failed) {
            match open.get_mut(&*text).map(Option::take) {
                None => applied.anomalies.unrequested_ids.push(text),
                Some(None) => applied.anomalies.repeated.push(text),
                Some(Some(id)) => {
                    let Some(tracking) = self.tracking.get_mut(id) else {
                        continue;
                    };
                    tracking.answered = Some(now.mono);
                    tracking.unanswered = false;
                    tracking.invalid_until = None;
                    let batch = &mut self.batches[tracking.batch];
                    let before = batch.view.phones[tracking.index].last.map(|last| last.status);
                    if batch.apply(tracking.index, status, name, now) {
                        applied.changed.insert(tracking.batch);
                    }
                    // The first status of a phone may be as old as the phone: it is no change.
                    let is_transient = status == Some(Status::STARTING) || (before.is_some() && before != status);
                    self.attention.answered(id, is_transient, now.mono);
                }
            }
        }
        for id in ids.iter().filter(|id| open[id.as_str()].is_some()) {
            if let Some(tracking) = self.tracking.get_mut(id) {
                tracking.unanswered = true;
                applied.anomalies.unanswered.push(id.to_string());
            }
        }
        applied
    }

    /// GeeLark rejects `id` alone, so it is invalid. True if that was not known.
    pub fn set_invalid(&mut self, id: &PhoneId, now: Instant) -> bool {
        let Some(tracking) = self.tracking.get_mut(id) else {
            return false;
        };
        self.attention.remove(id);
        tracking.unanswered = true;
        tracking.invalid_until.replace(now + INVALID_ID_RETRY).is_none()
    }

    /// Marks every status as stale that was not confirmed for `stale_after`. Returns the batches whose view changed.
    pub fn expire(&mut self, stale_after: Duration, now: Instant) -> Vec<usize> {
        let answered = |id: &PhoneId| self.tracking[id].answered;
        let is_old = |answered: Instant| now.saturating_duration_since(answered) >= stale_after;
        let batches = self.batches.iter_mut().enumerate();
        let changed = batches.filter_map(|(number, batch)| batch.expire(answered, is_old).then_some(number));
        changed.collect()
    }
}
