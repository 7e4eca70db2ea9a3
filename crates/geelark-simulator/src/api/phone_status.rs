//! `POST /open/v1/phone/status`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::ids::check_ids;
use crate::envelope::Refusal;
use crate::fleet::Fleet;

#[derive(Deserialize)]
pub(super) struct StatusRequest {
    ids: Vec<String>,
}

/// Answers every id as often as the request has it.
pub(super) fn data(request: &StatusRequest, fleet: &Fleet) -> Result<Value, Refusal> {
    if request.ids.is_empty() {
        return Err(Refusal::INVALID_PARAMETERS);
    }
    check_ids(&request.ids)?;
    let (mut successes, mut failures) = (Vec::new(), Vec::new());
    for id in &request.ids {
        if let Some(phone) = fleet.get(id).filter(|phone| phone.exists) {
            successes.push(json!({"id": id, "serialName": phone.serial_name, "status": phone.status}));
        } else {
            failures.push(json!({"code": 42001, "id": id, "msg": "env not found"}));
        }
    }
    Ok(json!({
        "totalAmount": request.ids.len(),
        "successAmount": successes.len(),
        "failAmount": failures.len(),
        "successDetails": successes,
        "failDetails": failures,
    }))
}
