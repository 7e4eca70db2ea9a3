//! The events that GeeLark reports by webhook, found by comparing a phone before and after a change.

use serde_json::{Value, json};

use super::phone::{Phone, status};

/// The payloads of what happened. GeeLark has no webhook for an expiry, or for a phone that is restored.
pub(super) fn between(before: &Phone, after: &Phone) -> Vec<Value> {
    let id = &after.id;
    let mut events = Vec::new();
    if !after.exists {
        if before.exists {
            events.push(json!({"type": 10, "items": [{"id": id, "recycle": true}]}));
        }
        return events;
    }
    if before.status != after.status {
        match after.status {
            status::STARTED => events.push(json!({"type": 1, "id": id, "result": 1})),
            status::SHUT_DOWN if before.status != status::EXPIRED => {
                events.push(json!({"type": 8, "id": id, "useMin": 1}));
            }
            _ => {}
        }
    }
    if before.serial_name != after.serial_name {
        events.push(json!({"type": 9, "items": [{"id": id, "name": after.serial_name}]}));
    }
    if before.tags != after.tags {
        events.push(json!({"type": 11, "envIds": [id]}));
    }
    events
}
