//! `POST /open/v1/phone/status`.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::envelope::Refusal;
use crate::fleet::{SimulatedFleet, SimulatedPhone};

/// How many ids a call may carry.
pub(super) const MAX_IDS: usize = 100;

#[derive(Deserialize)]
pub(super) struct StatusQuery {
    ids: Vec<String>,
}

/// Answers every id as often as the request has it.
pub(super) fn data(request: &StatusQuery, fleet: &SimulatedFleet) -> Result<Value, Refusal> {
    let ids = &request.ids;
    if ids.is_empty() || !valid_ids(ids) {
        return Err(Refusal::INVALID_PARAMETERS);
    }
    let (mut successes, mut failures) = (Vec::new(), Vec::new());
    for id in ids {
        if let Some(phone) = fleet.get(id).filter(|phone| phone.exists) {
            successes.push(json!({"id": id, "serialName": phone.serial_name, "status": phone.status}));
        } else {
            failures.push(json!({"code": 42001, "id": id, "msg": "env not found"}));
        }
    }
    Ok(json!({
        "totalAmount": ids.len(),
        "successAmount": successes.len(),
        "failAmount": failures.len(),
        "successDetails": successes,
        "failDetails": failures,
    }))
}

/// GeeLark refuses a whole call for one bad id.
pub(super) fn valid_ids(ids: &[String]) -> bool {
    ids.len() <= MAX_IDS && ids.iter().all(|id| SimulatedPhone::is_valid_id(id))
}
