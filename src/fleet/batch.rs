//! One batch: what is shown of its phones, and what is tracked beside that.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::request::{BatchRequests, Position, RequestedPhone, StatusRequest};
use super::target::PhoneDetails;
use super::update::PhoneUpdate;
use super::view::{BatchView, Freshness, Phone};
use geelark_client::clock::Timestamp;
use geelark_client::phone::{BATCH_SIZE, PhoneId, Status};

/// How long an id that GeeLark rejects (40004) is left out of its batch before it is requested again, alone.
pub const INVALID_ID_RETRY: Duration = Duration::from_mins(10);

/// How long a phone whose status changed counts as transient: it may change again soon.
pub const TRANSIENT_FOR: Duration = Duration::from_mins(2);

/// What is tracked of a phone and not shown.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tracking {
    /// When the last answer about it came.
    answered: Option<Instant>,
    /// The last answer that should have mentioned it did not.
    unanswered: bool,
    /// GeeLark rejects a batch that contains it; it is requested again, alone, at this time.
    invalid_until: Option<Instant>,
    /// Its status changed a moment ago: it is requested outside of rounds until then.
    transient_until: Option<Instant>,
    /// A hint says that it changed: it is requested outside of rounds, once.
    hinted: bool,
    /// When it was last requested outside of a round.
    requested: Option<Instant>,
}

impl Tracking {
    /// Of a phone that was last answered at `at`.
    pub(super) fn answered(at: Option<Instant>) -> Self {
        Self {
            answered: at,
            ..Self::default()
        }
    }

    fn is_transient(&self, now: Instant) -> bool {
        self.transient_until.is_some_and(|until| until > now)
    }
}

/// A batch. `view.phones` and `tracking` are parallel and never longer than [`BATCH_SIZE`].
#[derive(Debug)]
pub(super) struct BatchState {
    /// Copied on the first change after it was shared, else changed in place.
    view: Arc<BatchView>,
    tracking: Vec<Tracking>,
    /// No fresh phone was answered before this: while it is young, no phone can be stale.
    oldest: Option<Instant>,
    /// When a round requested the batch last.
    requested: Option<Instant>,
    /// Whether some phone may be transient or hinted at.
    needs_attention: bool,
}

impl BatchState {
    pub(super) fn empty(account: Arc<str>) -> Self {
        let phones = Vec::new();
        Self::new(Arc::new(BatchView { account, phones }), Vec::new())
    }

    /// `tracking` is parallel to the phones of `view`.
    pub(super) fn new(view: Arc<BatchView>, tracking: Vec<Tracking>) -> Self {
        Self {
            oldest: tracking.iter().filter_map(|tracking| tracking.answered).min(),
            requested: None,
            needs_attention: false,
            view,
            tracking,
        }
    }

    /// When each phone was last answered.
    pub(super) fn answered(&self) -> impl Iterator<Item = Option<Instant>> {
        self.tracking.iter().map(|tracking| tracking.answered)
    }

    pub(super) fn view(&self) -> &Arc<BatchView> {
        &self.view
    }

    pub(super) fn requested(&self) -> Option<Instant> {
        self.requested
    }

    pub(super) fn set_requested(&mut self, now: Instant) {
        self.requested = Some(now);
    }

    pub(super) fn len(&self) -> usize {
        self.tracking.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.len() >= BATCH_SIZE
    }

    pub(super) fn push(&mut self, phone: Phone, tracking: Tracking) {
        Arc::make_mut(&mut self.view).phones.push(phone);
        self.tracking.push(tracking);
        self.oldest = earlier(self.oldest, tracking.answered);
        self.needs_attention |= tracking.hinted || tracking.transient_until.is_some();
    }

    pub(super) fn into_phones(self) -> impl Iterator<Item = (Phone, Tracking)> {
        let view = Arc::unwrap_or_clone(self.view);
        view.phones.into_iter().zip(self.tracking)
    }

    /// Keeps the phones that are in `wanted`, removes them from there and takes over their details. True if that changed
    /// the view.
    pub(super) fn keep(&mut self, wanted: &mut HashMap<PhoneId, Option<Arc<PhoneDetails>>>) -> bool {
        let phones = &self.view.phones;
        if phones.iter().all(|phone| wanted.get(&phone.id) == Some(&phone.details)) {
            for phone in phones {
                wanted.remove(&phone.id);
            }
            return false;
        }
        let view = Arc::make_mut(&mut self.view);
        let (phones, tracking) = std::mem::take(&mut view.phones)
            .into_iter()
            .zip(std::mem::take(&mut self.tracking))
            .filter_map(|(phone, tracking)| {
                let details = wanted.remove(&phone.id)?;
                Some((Phone { details, ..phone }, tracking))
            })
            .unzip();
        view.phones = phones;
        self.tracking = tracking;
        true
    }

    /// What a round requests: all valid ids together, each invalid one whose retry is due alone.
    pub(super) fn requests(&self, batch: usize, now: Instant) -> BatchRequests {
        let mut together = Vec::with_capacity(self.len());
        let mut alone = Vec::new();
        for (index, tracking) in self.tracking.iter().enumerate() {
            match tracking.invalid_until {
                None => together.push(self.requested_phone(Position { batch, index })),
                Some(until) if until <= now => {
                    alone.extend(StatusRequest::new(vec![
                        self.requested_phone(Position { batch, index }),
                    ]));
                }
                Some(_) => {}
            }
        }
        BatchRequests {
            together: StatusRequest::new(together),
            alone,
        }
    }

    /// The phones to request outside of a round, marked as requested: those hinted at, and transient ones that were neither
    /// answered nor requested for `interval`. At most `most`.
    pub(super) fn take_due(
        &mut self,
        batch: usize,
        interval: Duration,
        most: usize,
        now: Instant,
    ) -> Vec<RequestedPhone> {
        if !self.needs_attention {
            return Vec::new();
        }
        let is_due = |tracking: &Tracking| {
            let last = tracking.answered.max(tracking.requested);
            let waited = last.is_none_or(|last| now.saturating_duration_since(last) >= interval);
            tracking.invalid_until.is_none() && (tracking.hinted || (tracking.is_transient(now) && waited))
        };
        let due: Vec<usize> = (0..self.len())
            .filter(|at| is_due(&self.tracking[*at]))
            .take(most)
            .collect();
        for index in &due {
            let tracking = &mut self.tracking[*index];
            tracking.hinted = false;
            tracking.requested = Some(now);
        }
        self.needs_attention = self.tracking.iter().any(|it| it.hinted || it.is_transient(now));
        due.into_iter()
            .map(|index| self.requested_phone(Position { batch, index }))
            .collect()
    }

    fn requested_phone(&self, position: Position) -> RequestedPhone {
        let id = self.view.phones[position.index].id.clone();
        RequestedPhone { position, id }
    }

    /// A hint says that the phone at `index` changed.
    pub(super) fn hint(&mut self, index: usize) {
        self.tracking[index].hinted = true;
        self.needs_attention = true;
    }

    /// GeeLark rejects the id at `index`. True if that was not known.
    pub(super) fn set_invalid(&mut self, index: usize, now: Instant) -> bool {
        let tracking = &mut self.tracking[index];
        tracking.unanswered = true;
        tracking.invalid_until.replace(now + INVALID_ID_RETRY).is_none()
    }

    /// How many ids are missing from the last answers.
    pub(super) fn unanswered(&self) -> usize {
        self.tracking.iter().filter(|tracking| tracking.unanswered).count()
    }

    /// The answer did not mention the phone at `index`.
    pub(super) fn set_unanswered(&mut self, index: usize) {
        self.tracking[index].unanswered = true;
    }

    /// Applies what an answer says of the phone at `index`. True if that changed the view.
    pub(super) fn apply(&mut self, index: usize, update: PhoneUpdate, now: Timestamp) -> bool {
        let phone = &self.view.phones[index];
        let tracking = &mut self.tracking[index];
        *tracking = Tracking {
            answered: Some(now.mono),
            transient_until: tracking.transient_until,
            hinted: tracking.hinted,
            ..Tracking::default()
        };
        self.oldest = earlier(self.oldest, Some(now.mono));
        let changed = update.apply(phone, now);
        let shown = changed.as_ref().unwrap_or(phone).shown().map(|shown| shown.status);
        // The first status of a phone may be as old as the phone: it is no change.
        let status_changed = phone.last.is_some_and(|last| Some(last.status) != shown);
        if shown == Some(Status::STARTING) || status_changed {
            tracking.transient_until = Some(now.mono + TRANSIENT_FOR);
            self.needs_attention = true;
        }
        let Some(changed) = changed else { return false };
        Arc::make_mut(&mut self.view).phones[index] = changed;
        true
    }

    /// Marks phones as stale that were not confirmed for `stale_after`. True if that changed the view.
    pub(super) fn expire(&mut self, stale_after: Duration, now: Instant) -> bool {
        let is_old = |answered: Instant| now.saturating_duration_since(answered) >= stale_after;
        if !self.oldest.is_some_and(is_old) {
            return false;
        }
        let mut changed = false;
        let mut oldest = None;
        for (index, tracking) in self.tracking.iter().enumerate() {
            if self.view.phones[index].freshness != Freshness::Fresh {
                continue;
            }
            if tracking.answered.is_none_or(is_old) {
                Arc::make_mut(&mut self.view).phones[index].freshness = Freshness::Stale;
                changed = true;
            } else {
                oldest = earlier(oldest, tracking.answered);
            }
        }
        self.oldest = oldest;
        changed
    }
}

/// The earlier of two moments, where there are any.
fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}
