//! One batch: what is shown of it, and what is remembered beside that.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::question::{BatchRequests, RequestedPhone, StatusRequest};
use super::verdict::PhoneUpdate;
use super::view::{BatchView, Freshness, Phone};
use super::{INVALID_ID_RETRY, TRANSIENT_FOR};
use geelark_client::clock::Timestamp;
use geelark_client::phone::{BATCH_SIZE, PhoneDetails, PhoneId, Status};

/// Where a phone stands in the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) batch: usize,
    pub(super) position: usize,
}

/// What is remembered of a phone and not shown.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Note {
    /// When the last answer about it came.
    pub(super) answered: Option<Instant>,
    /// The last answer that should have named it did not.
    passed_over: bool,
    /// GeeLark refuses a batch that contains it; asked alone again at this time.
    invalid_until: Option<Instant>,
    /// Its status changed a moment ago and may change again soon: it is asked about out of turn until then.
    transient_until: Option<Instant>,
    /// Somebody said that it changed: it is to be asked about out of turn, once.
    hinted: bool,
    /// When it was last asked about out of turn.
    asked: Option<Instant>,
}

impl Note {
    /// Of a phone that was last answered then, and nothing else.
    pub(super) fn answered(at: Option<Instant>) -> Self {
        Self {
            answered: at,
            ..Self::default()
        }
    }
}

/// A batch. `view.phones` and `notes` are parallel and never longer than [`BATCH_SIZE`].
#[derive(Debug)]
pub(super) struct BatchState {
    /// Copied on the first change after someone took it, else changed in place.
    view: Arc<BatchView>,
    notes: Vec<Note>,
    /// No fresh phone was answered before this; spares looking at each when nothing can be stale yet.
    oldest: Option<Instant>,
    /// When a round asked about it last.
    asked: Option<Instant>,
    /// Some phone may be restless or hinted at; spares looking at each when none is.
    alert: bool,
}

impl Note {
    fn is_alert(&self, now: Instant) -> bool {
        self.hinted || self.transient_until.is_some_and(|until| until > now)
    }
}

impl BatchState {
    pub(super) fn empty(account: Arc<str>) -> Self {
        let phones = Vec::new();
        Self {
            view: Arc::new(BatchView { account, phones }),
            notes: Vec::new(),
            oldest: None,
            asked: None,
            alert: false,
        }
    }

    /// `notes` are of the view's phones, in their order.
    pub(super) fn of(view: Arc<BatchView>, notes: Vec<Note>) -> Self {
        Self {
            oldest: notes.iter().filter_map(|note| note.answered).min(),
            asked: None,
            alert: false,
            view,
            notes,
        }
    }

    /// When each phone was last answered.
    pub(super) fn answered(&self) -> impl Iterator<Item = Option<Instant>> {
        self.notes.iter().map(|note| note.answered)
    }

    pub(super) fn view(&self) -> &Arc<BatchView> {
        &self.view
    }

    pub(super) fn asked(&self) -> Option<Instant> {
        self.asked
    }

    pub(super) fn set_asked(&mut self, now: Instant) {
        self.asked = Some(now);
    }

    pub(super) fn len(&self) -> usize {
        self.notes.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.len() >= BATCH_SIZE
    }

    pub(super) fn push(&mut self, phone: Phone, note: Note) {
        Arc::make_mut(&mut self.view).phones.push(phone);
        self.notes.push(note);
        self.oldest = earlier(self.oldest, note.answered);
        self.alert |= note.hinted || note.transient_until.is_some();
    }

    pub(super) fn into_phones(self) -> impl Iterator<Item = (Phone, Note)> {
        let view = Arc::unwrap_or_clone(self.view);
        view.phones.into_iter().zip(self.notes)
    }

    /// Keeps the phones that are in `wanted`, and takes them out of there; their details become those in it. True if
    /// that changed the view.
    pub(super) fn keep(&mut self, wanted: &mut HashMap<PhoneId, Option<Arc<PhoneDetails>>>) -> bool {
        let same = self
            .view
            .phones
            .iter()
            .all(|phone| wanted.get(&phone.id) == Some(&phone.details));
        if same {
            for phone in &self.view.phones {
                wanted.remove(&phone.id);
            }
            return false;
        }
        let view = Arc::make_mut(&mut self.view);
        let (phones, notes) = std::mem::take(&mut view.phones)
            .into_iter()
            .zip(std::mem::take(&mut self.notes))
            .filter_map(|(phone, note)| {
                let details = wanted.remove(&phone.id)?;
                Some((Phone { details, ..phone }, note))
            })
            .unzip();
        view.phones = phones;
        self.notes = notes;
        true
    }

    /// What a round asks: everyone who is not a invalid_id together, each invalid_id whose time has come alone.
    pub(super) fn questions(&self, batch: usize, now: Instant) -> BatchRequests {
        let mut together = Vec::with_capacity(self.len());
        let mut alone = Vec::new();
        for (position, note) in self.notes.iter().enumerate() {
            match note.invalid_until {
                None => together.push(self.about(Place { batch, position })),
                Some(until) if until <= now => {
                    alone.extend(StatusRequest::about(vec![self.about(Place { batch, position })]));
                }
                Some(_) => {}
            }
        }
        BatchRequests {
            together: StatusRequest::about(together),
            alone,
        }
    }

    /// The phones to ask about out of turn, noted as asked: those somebody hinted at, and restless ones that were neither
    /// answered nor asked for `interval`. At most `most`.
    pub(super) fn out_of_turn(
        &mut self,
        batch: usize,
        interval: Duration,
        most: usize,
        now: Instant,
    ) -> Vec<RequestedPhone> {
        if !self.alert {
            return Vec::new();
        }
        let due = |note: &Note| {
            let last = note.answered.max(note.asked);
            let waited = last.is_none_or(|last| now.saturating_duration_since(last) >= interval);
            let restless = note.transient_until.is_some_and(|until| until > now);
            note.invalid_until.is_none() && (note.hinted || (restless && waited))
        };
        let positions: Vec<usize> = (0..self.len()).filter(|at| due(&self.notes[*at])).take(most).collect();
        for position in &positions {
            let note = &mut self.notes[*position];
            note.hinted = false;
            note.asked = Some(now);
        }
        self.alert = self.notes.iter().any(|note| note.is_alert(now));
        let asked = |position| self.about(Place { batch, position });
        positions.into_iter().map(asked).collect()
    }

    fn about(&self, place: Place) -> RequestedPhone {
        let id = self.view.phones[place.position].id.clone();
        RequestedPhone { place, id }
    }

    /// Somebody said that the phone at `position` changed.
    pub(super) fn hint(&mut self, position: usize) {
        self.notes[position].hinted = true;
        self.alert = true;
    }

    /// The phone at `position` cannot be asked about. True if that is news.
    pub(super) fn set_invalid_id(&mut self, position: usize, now: Instant) -> bool {
        let note = &mut self.notes[position];
        note.passed_over = true;
        note.invalid_until.replace(now + INVALID_ID_RETRY).is_none()
    }

    pub(super) fn unanswered(&self) -> usize {
        self.notes.iter().filter(|note| note.passed_over).count()
    }

    /// The last answer did not name the phone at `position`.
    pub(super) fn pass_over(&mut self, position: usize) {
        self.notes[position].passed_over = true;
    }

    /// Takes in what an answer says of the phone at `position`. True if that changed the view.
    pub(super) fn take_in(&mut self, position: usize, verdict: PhoneUpdate, now: Timestamp) -> bool {
        let phone = &self.view.phones[position];
        let note = &mut self.notes[position];
        *note = Note {
            answered: Some(now.mono),
            transient_until: note.transient_until,
            hinted: note.hinted,
            ..Note::default()
        };
        self.oldest = earlier(self.oldest, Some(now.mono));
        let Some(changed) = verdict.change(phone, now) else {
            if phone.shown().is_some_and(|seen| seen.status == Status::Starting) {
                note.transient_until = Some(now.mono + TRANSIENT_FOR);
                self.alert = true;
            }
            return false;
        };
        let news = changed.shown().map(|seen| seen.status) != phone.last.map(|seen| seen.status);
        let starting = changed.shown().is_some_and(|seen| seen.status == Status::Starting);
        // What is heard of a phone for the first time may be as old as the phone.
        let moved = news && phone.last.is_some();
        if moved || starting {
            note.transient_until = Some(now.mono + TRANSIENT_FOR);
            self.alert = true;
        }
        Arc::make_mut(&mut self.view).phones[position] = changed;
        true
    }

    /// Takes back what has not been confirmed for `stale_after`. True if that changed the view.
    pub(super) fn expire(&mut self, stale_after: Duration, now: Instant) -> bool {
        let is_old = |answered: Instant| now.saturating_duration_since(answered) >= stale_after;
        if !self.oldest.is_some_and(is_old) {
            return false;
        }
        let mut changed = false;
        let mut oldest = None;
        for (position, note) in self.notes.iter().enumerate() {
            if self.view.phones[position].standing != Freshness::Fresh {
                continue;
            }
            if note.answered.is_none_or(is_old) {
                Arc::make_mut(&mut self.view).phones[position].standing = Freshness::Stale;
                changed = true;
            } else {
                oldest = earlier(oldest, note.answered);
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
