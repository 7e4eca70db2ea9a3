//! One batch: what is shown of it, and what is remembered beside that.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::CULPRIT_RETRY;
use super::question::{Question, Questions};
use super::verdict::Verdict;
use super::view::{BatchView, Phone, Standing};
use crate::clock::Moment;
use crate::phone::BATCH_SIZE;

/// Where a phone stands in the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) batch: usize,
    /// A batch has at most 100 phones.
    pub(super) position: u8,
}

/// What is remembered of a phone and not shown.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Note {
    /// When the last answer about it came.
    pub(super) answered: Option<Instant>,
    /// The last answer that should have named it did not.
    pub(super) passed_over: bool,
    /// GeeLark refuses a batch that contains it; asked alone again at this time.
    pub(super) culprit_until: Option<Instant>,
}

/// A batch. `view.phones` and `notes` are parallel and never longer than [`BATCH_SIZE`].
#[derive(Debug)]
pub(super) struct BatchState {
    /// Copied on the first change after someone took it, else changed in place.
    view: Arc<BatchView>,
    notes: Vec<Note>,
}

impl BatchState {
    pub(super) fn empty(account: Arc<str>) -> Self {
        let phones = Vec::new();
        Self {
            view: Arc::new(BatchView { account, phones }),
            notes: Vec::new(),
        }
    }

    pub(super) fn view(&self) -> &Arc<BatchView> {
        &self.view
    }

    pub(super) fn is_full(&self) -> bool {
        self.notes.len() >= BATCH_SIZE
    }

    pub(super) fn push(&mut self, phone: Phone, note: Note) {
        Arc::make_mut(&mut self.view).phones.push(phone);
        self.notes.push(note);
    }

    pub(super) fn into_phones(self) -> impl Iterator<Item = (Phone, Note)> {
        let view = Arc::unwrap_or_clone(self.view);
        view.phones.into_iter().zip(self.notes)
    }

    /// What a round asks: everyone who is not a culprit together, each culprit whose time has come alone.
    pub(super) fn questions(&self, batch: usize, now: Instant) -> Questions {
        let mut together = Vec::with_capacity(self.notes.len());
        let mut alone = Vec::new();
        for (position, note) in (0..).zip(&self.notes) {
            let place = Place { batch, position };
            match note.culprit_until {
                None => together.push(place),
                Some(until) if until <= now => alone.extend(Question::about(vec![place])),
                Some(_) => {}
            }
        }
        Questions {
            together: Question::about(together),
            alone,
        }
    }

    /// The phone at `position` cannot be asked about. True if that is news.
    pub(super) fn set_culprit(&mut self, position: u8, now: Instant) -> bool {
        let note = &mut self.notes[usize::from(position)];
        note.passed_over = true;
        note.culprit_until.replace(now + CULPRIT_RETRY).is_none()
    }

    pub(super) fn unanswered(&self) -> usize {
        self.notes.iter().filter(|note| note.passed_over).count()
    }

    /// The last answer did not name the phone at `position`.
    pub(super) fn pass_over(&mut self, position: u8) {
        self.notes[usize::from(position)].passed_over = true;
    }

    /// Takes in what an answer says of the phone at `position`. True if that changed the view.
    pub(super) fn take_in(&mut self, position: u8, verdict: Verdict, now: Moment) -> bool {
        let position = usize::from(position);
        self.notes[position] = Note {
            answered: Some(now.mono),
            ..Note::default()
        };
        let Some(changed) = verdict.change(&self.view.phones[position], now) else {
            return false;
        };
        Arc::make_mut(&mut self.view).phones[position] = changed;
        true
    }

    /// Takes back what has not been confirmed for `stale_after`. True if that changed the view.
    pub(super) fn expire(&mut self, stale_after: Duration, now: Instant) -> bool {
        let mut changed = false;
        for (position, note) in self.notes.iter().enumerate() {
            let fresh = self.view.phones[position].standing == Standing::Fresh;
            let age = note.answered.map(|answered| now.saturating_duration_since(answered));
            if fresh && age.is_none_or(|age| age >= stale_after) {
                Arc::make_mut(&mut self.view).phones[position].standing = Standing::Stale;
                changed = true;
            }
        }
        changed
    }
}
