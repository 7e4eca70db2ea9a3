//! One batch and how an answer changes it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::question::Question;
use super::view::{BatchView, Phone, Seen, Standing};
use super::{Applied, CULPRIT_RETRY};
use crate::clock::Moment;
use crate::phone::{Answer, FailReason, Status};

/// What an answer says of one asked phone, after repeats and strangers are sorted out.
enum Verdict {
    Status { status: Status, name: Option<String> },
    NotFound,
}

/// A batch with what is not shown of it.
#[derive(Debug)]
pub(super) struct BatchState {
    /// What is shown. Copied on the first change after someone took a view, else changed in place.
    view: Arc<BatchView>,
    /// Beside each phone of the view, what is remembered but not shown.
    notes: Vec<Note>,
    /// Positions in the order of their ids: an answer's ids are found by binary search, without a map.
    by_id: Box<[u8]>,
}

/// What is remembered of a phone beside what is shown.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Note {
    /// When the last answer about it came.
    answered: Option<Instant>,
    /// The last answer that should have named it did not.
    passed_over: bool,
    /// GeeLark refuses a batch that contains it; asked alone again at this time.
    culprit_until: Option<Instant>,
}

impl BatchState {
    pub(super) fn new(account: Arc<str>, phones: Vec<(Phone, Note)>) -> Self {
        let (phones, notes): (Vec<_>, Vec<_>) = phones.into_iter().unzip();
        let mut by_id: Vec<u8> = (0..phones.len()).filter_map(|at| u8::try_from(at).ok()).collect();
        by_id.sort_by(|a, b| phones[usize::from(*a)].id.cmp(&phones[usize::from(*b)].id));
        Self {
            view: Arc::new(BatchView { account, phones }),
            notes,
            by_id: by_id.into(),
        }
    }

    pub(super) fn view(&self) -> &Arc<BatchView> {
        &self.view
    }

    /// The phones with their notes, to be laid into another roster.
    pub(super) fn into_phones(self) -> impl Iterator<Item = (Phone, Note)> {
        let view = Arc::unwrap_or_clone(self.view);
        view.phones.into_iter().zip(self.notes)
    }

    /// What to ask now: everyone who is not a culprit together, each culprit whose time has come alone.
    pub(super) fn questions(&self, batch: usize, now: Instant) -> Vec<Question> {
        let mut together = Vec::with_capacity(self.notes.len());
        let mut alone = Vec::new();
        for (position, note) in (0..).zip(&self.notes) {
            match note.culprit_until {
                None => together.push(position),
                Some(until) if until <= now => alone.push(vec![position]),
                Some(_) => {}
            }
        }
        std::iter::once(together)
            .chain(alone)
            .filter(|positions| !positions.is_empty())
            .map(|positions| Question { batch, positions })
            .collect()
    }

    /// The phone at `position` cannot be asked about. True if that is news.
    pub(super) fn set_culprit(&mut self, position: u8, now: Instant) -> bool {
        let note = &mut self.notes[usize::from(position)];
        let news = note.culprit_until.is_none();
        note.culprit_until = Some(now + CULPRIT_RETRY);
        note.passed_over = true;
        news
    }

    pub(super) fn unanswered(&self) -> usize {
        self.notes.iter().filter(|note| note.passed_over).count()
    }

    pub(super) fn apply(&mut self, question: &Question, answer: Answer, now: Moment) -> Applied {
        let mut applied = Applied::default();
        let verdicts = self.verdicts(question, answer, &mut applied);
        for (position, verdict) in question.positions.iter().copied().map(usize::from).zip(verdicts) {
            let note = &mut self.notes[position];
            let Some(verdict) = verdict else {
                note.passed_over = true;
                applied.unanswered.push(self.view.phones[position].id.clone());
                continue;
            };
            *note = Note {
                answered: Some(now.mono),
                ..Note::default()
            };
            let phone = &self.view.phones[position];
            let Some(changed) = verdict.change(phone, now) else {
                continue;
            };
            Arc::make_mut(&mut self.view).phones[position] = changed;
            applied.changed = true;
        }
        applied
    }

    /// What the answer says of each asked phone. The first word about a phone counts; a status outweighs a failure.
    fn verdicts(&self, question: &Question, answer: Answer, applied: &mut Applied) -> Vec<Option<Verdict>> {
        let mut verdicts: Vec<Option<Verdict>> = Vec::new();
        verdicts.resize_with(question.positions.len(), || None);
        let said = answer
            .found
            .into_iter()
            .map(|found| {
                let (status, name) = (found.status, found.name);
                (found.id, Some(Verdict::Status { status, name }))
            })
            .chain(answer.failed.into_iter().map(|failed| {
                let verdict = match failed.reason {
                    FailReason::NotFound => Some(Verdict::NotFound),
                    FailReason::Expired => Some(Verdict::Status {
                        status: Status::Expired,
                        name: None,
                    }),
                    FailReason::Other(_) => None,
                };
                (failed.id, verdict)
            }));
        for (id, verdict) in said {
            let slot = self
                .position(&id)
                .and_then(|position| question.positions.binary_search(&position).ok())
                .and_then(|asked| verdicts.get_mut(asked));
            match slot {
                None => applied.strangers.push(id),
                Some(Some(_)) => applied.repeated.push(id),
                Some(slot) => *slot = verdict,
            }
        }
        verdicts
    }

    fn position(&self, id: &str) -> Option<u8> {
        let phones = &self.view.phones;
        self.by_id
            .binary_search_by(|at| phones[usize::from(*at)].id.as_str().cmp(id))
            .ok()
            .map(|found| self.by_id[found])
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

impl Verdict {
    /// The phone after this verdict; `None` if it looks the same as before, which costs no allocation.
    fn change(self, phone: &Phone, now: Moment) -> Option<Phone> {
        let (status, name) = match self {
            Self::NotFound => {
                return Some(Phone {
                    standing: Standing::NotFound,
                    last: None,
                    not_found_total: phone.not_found_total + 1,
                    ..phone.clone()
                });
            }
            Self::Status { status, name } => (status, name),
        };
        let same_name = name.is_none() || name.as_deref() == phone.name.as_deref();
        let kept = phone.last.filter(|last| last.status == status);
        if same_name && kept.is_some() && phone.standing == Standing::Fresh {
            return None;
        }
        Some(Phone {
            name: if same_name {
                phone.name.clone()
            } else {
                name.map(Arc::from)
            },
            standing: Standing::Fresh,
            last: kept.or_else(|| {
                Some(Seen {
                    status,
                    since: now.unix(),
                })
            }),
            ..phone.clone()
        })
    }
}
