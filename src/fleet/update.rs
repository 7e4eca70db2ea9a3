//! What a response says of each requested phone.

use std::collections::HashMap;
use std::sync::Arc;

use super::request::{RequestedPhone, StatusRequest};
use super::view::{Freshness, ObservedStatus, Phone};
use geelark_client::clock::Timestamp;
use geelark_client::phone::{PhoneId, Status};
use geelark_client::{FailedPhone, StatusResponse};

/// What a response says of one phone.
pub(super) enum PhoneUpdate {
    Status { status: Status, name: Option<String> },
    NotFound,
}

/// What was odd about a response, for the log.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub struct AnswerAnomalies {
    /// Requested ids that it does not mention.
    pub unanswered: Vec<PhoneId>,
    /// Ids that it mentions and that were not requested; ignored.
    pub unrequested_ids: Vec<String>,
    /// Ids that it mentions again; the first mention counts.
    pub repeated: Vec<String>,
}

impl PhoneUpdate {
    /// What `response` says of each requested phone, in the order of the request. The first mention of a phone counts, and
    /// a status outweighs a failure.
    pub(super) fn sort(
        request: &StatusRequest,
        response: StatusResponse,
        anomalies: &mut AnswerAnomalies,
    ) -> Vec<Option<Self>> {
        let mut updates: Vec<Option<Self>> = Vec::new();
        updates.resize_with(request.len(), || None);
        let mut finder = Finder::new(request.phones());
        let found = response.found.into_iter().map(|found| {
            let (status, name) = (found.status, found.name);
            (found.id, Some(Self::Status { status, name }))
        });
        let failed = response
            .failed
            .into_iter()
            .map(|failed| (failed.id, Self::of(failed.code)));
        for (id, update) in found.chain(failed) {
            match finder.find(&id).map(|at| &mut updates[at]) {
                None => anomalies.unrequested_ids.push(id),
                Some(Some(_)) => anomalies.repeated.push(id),
                Some(slot) => *slot = update,
            }
        }
        updates
    }

    fn of(code: i64) -> Option<Self> {
        match code {
            FailedPhone::NOT_FOUND => Some(Self::NotFound),
            FailedPhone::EXPIRED => Some(Self::Status {
                status: Status::EXPIRED,
                name: None,
            }),
            _ => None,
        }
    }

    /// The phone after this update; `None` if it looks the same as before, which costs no allocation.
    pub(super) fn apply(self, phone: &Phone, now: Timestamp) -> Option<Phone> {
        let (status, name) = match self {
            Self::NotFound => {
                return Some(Phone {
                    freshness: Freshness::NotFound,
                    last: None,
                    not_found_total: phone.not_found_total + 1,
                    ..phone.clone()
                });
            }
            Self::Status { status, name } => (status, name),
        };
        let new_name = name.filter(|name| phone.name.as_deref() != Some(name));
        let kept = phone.last.filter(|last| last.status == status);
        if new_name.is_none() && kept.is_some() && phone.freshness == Freshness::Fresh {
            return None;
        }
        let since = now.unix();
        Some(Phone {
            name: new_name.map(Arc::from).or_else(|| phone.name.clone()),
            freshness: Freshness::Fresh,
            last: kept.or(Some(ObservedStatus { status, since })),
            ..phone.clone()
        })
    }
}

/// Finds the ids of a response among the requested ones. GeeLark usually answers in the order of the request, so the next
/// one is tried first; the map is built only when that fails.
struct Finder<'a> {
    phones: &'a [RequestedPhone],
    next: usize,
    map: Option<HashMap<&'a str, usize>>,
}

impl<'a> Finder<'a> {
    fn new(phones: &'a [RequestedPhone]) -> Self {
        Self {
            phones,
            next: 0,
            map: None,
        }
    }

    fn find(&mut self, id: &str) -> Option<usize> {
        let phones = self.phones;
        let at = if phones.get(self.next).is_some_and(|next| next.id.as_str() == id) {
            self.next
        } else {
            let build = || phones.iter().map(|phone| phone.id.as_str()).zip(0..).collect();
            *self.map.get_or_insert_with(build).get(id)?
        };
        self.next = at + 1;
        Some(at)
    }
}
