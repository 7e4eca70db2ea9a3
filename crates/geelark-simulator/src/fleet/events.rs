//! What GeeLark tells by webhook, found by comparing a phone with itself a moment ago.

use super::phone::{Phone, status};

/// One thing that happened to a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    Started { id: String },
    Stopped { id: String },
    Renamed { id: String, name: String },
    Deleted { id: String },
    TagsChanged { id: String },
}

/// What happened. There is no webhook for expiry, nor for a phone that came back.
pub(super) fn between(before: &Phone, after: &Phone) -> Vec<News> {
    let id = || after.id.clone();
    if !after.exists {
        return before.exists.then(|| News::Deleted { id: id() }).into_iter().collect();
    }
    let mut events = Vec::new();
    if before.status != after.status {
        events.extend(match after.status {
            status::STARTED => Some(News::Started { id: id() }),
            status::SHUT_DOWN if before.status != status::EXPIRED => Some(News::Stopped { id: id() }),
            _ => None,
        });
    }
    if before.serial_name != after.serial_name {
        let name = after.serial_name.clone();
        events.push(News::Renamed { id: id(), name });
    }
    if before.tags != after.tags {
        events.push(News::TagsChanged { id: id() });
    }
    events
}
