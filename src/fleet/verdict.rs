//! What an answer says of one asked phone, after unrequested_ids and repeats are sorted out.

use std::collections::HashMap;
use std::sync::Arc;

use super::Applied;
use super::question::{RequestedPhone, StatusRequest};
use super::view::{Freshness, ObservedStatus, Phone};
use geelark_client::clock::Timestamp;
use geelark_client::phone::{FailReason, Status, StatusResponse};

pub(super) enum PhoneUpdate {
    Status { status: Status, name: Option<String> },
    NotFound,
}

impl PhoneUpdate {
    /// What `answer` says of each phone of the question, in its order. The first word about a phone counts, and a status
    /// outweighs a failure.
    pub(super) fn sort(question: &StatusRequest, answer: StatusResponse, applied: &mut Applied) -> Vec<Option<Self>> {
        let mut verdicts: Vec<Option<Self>> = Vec::new();
        verdicts.resize_with(question.len(), || None);
        let mut finder = Finder::new(question.asked());
        let found = answer.found.into_iter().map(|found| {
            let (status, name) = (found.status, found.name);
            (found.id, Some(Self::Status { status, name }))
        });
        let failed = answer
            .failed
            .into_iter()
            .map(|failed| (failed.id, Self::of(failed.reason)));
        for (id, verdict) in found.chain(failed) {
            match finder.find(&id).map(|at| &mut verdicts[at]) {
                None => applied.unrequested_ids.push(id),
                Some(Some(_)) => applied.repeated.push(id),
                Some(slot) => *slot = verdict,
            }
        }
        verdicts
    }

    fn of(reason: FailReason) -> Option<Self> {
        match reason {
            FailReason::NotFound => Some(Self::NotFound),
            FailReason::Expired => Some(Self::Status {
                status: Status::Expired,
                name: None,
            }),
            FailReason::Other(_) => None,
        }
    }

    /// The phone after this verdict; `None` if it looks the same as before, which costs no allocation.
    pub(super) fn change(self, phone: &Phone, now: Timestamp) -> Option<Phone> {
        let (status, name) = match self {
            Self::NotFound => {
                return Some(Phone {
                    standing: Freshness::NotFound,
                    last: None,
                    not_found_total: phone.not_found_total + 1,
                    ..phone.clone()
                });
            }
            Self::Status { status, name } => (status, name),
        };
        let new_name = name.filter(|name| phone.name.as_deref() != Some(name));
        let kept = phone.last.filter(|last| last.status == status);
        if new_name.is_none() && kept.is_some() && phone.standing == Freshness::Fresh {
            return None;
        }
        let since = now.unix();
        Some(Phone {
            name: new_name.map(Arc::from).or_else(|| phone.name.clone()),
            standing: Freshness::Fresh,
            last: kept.or(Some(ObservedStatus { status, since })),
            ..phone.clone()
        })
    }
}

/// Finds the ids of an answer among those asked. GeeLark usually answers in the order of the question, so the next one is
/// tried first; a map is only built when that fails.
struct Finder<'a> {
    asked: &'a [RequestedPhone],
    next: usize,
    map: Option<HashMap<&'a str, usize>>,
}

impl<'a> Finder<'a> {
    fn new(asked: &'a [RequestedPhone]) -> Self {
        Self {
            asked,
            next: 0,
            map: None,
        }
    }

    fn find(&mut self, id: &str) -> Option<usize> {
        let asked = self.asked;
        let at = if asked.get(self.next).is_some_and(|next| next.id.as_str() == id) {
            self.next
        } else {
            let map = self
                .map
                .get_or_insert_with(|| asked.iter().map(|asked| asked.id.as_str()).zip(0..).collect());
            *map.get(id)?
        };
        self.next = at + 1;
        Some(at)
    }
}
