//! `POST /open/v1/phone/status`.

use serde::{Deserialize, Serialize};

use super::envelope::Refusal;
use super::question::check_ids;
use crate::fleet::Fleet;

#[derive(Deserialize)]
pub(super) struct StatusRequest {
    pub(super) ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Statuses {
    total_amount: usize,
    success_amount: usize,
    fail_amount: usize,
    success_details: Vec<Success>,
    fail_details: Vec<Fail>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Success {
    id: String,
    serial_name: String,
    status: i64,
}

#[derive(Serialize)]
struct Fail {
    code: i64,
    id: String,
    msg: &'static str,
}

/// Answers for each id as often as it is asked.
pub(super) fn answer(request: &StatusRequest, fleet: &Fleet) -> Result<Statuses, Refusal> {
    if request.ids.is_empty() {
        return Err(Refusal::new(40004, "parameter validation failed"));
    }
    check_ids(&request.ids)?;
    let mut success_details = Vec::with_capacity(request.ids.len());
    let mut fail_details = Vec::new();
    for id in &request.ids {
        match fleet.get(id).filter(|phone| phone.exists) {
            Some(phone) => success_details.push(Success {
                id: phone.id.clone(),
                serial_name: phone.serial_name.clone(),
                status: phone.status,
            }),
            None => fail_details.push(Fail {
                code: 42001,
                id: id.clone(),
                msg: "env not found",
            }),
        }
    }
    Ok(Statuses {
        total_amount: request.ids.len(),
        success_amount: success_details.len(),
        fail_amount: fail_details.len(),
        success_details,
        fail_details,
    })
}
