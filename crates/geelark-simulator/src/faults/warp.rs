//! Answers that are well-formed and untrue, or true and oddly formed.

use serde_json::{Value, json};

const LISTS: [&str; 3] = ["successDetails", "failDetails", "items"];
const COUNTS: [&str; 4] = ["totalAmount", "successAmount", "failAmount", "total"];

/// A change of a truthful envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ResponseMutation {
    /// The data is there, and so is this code: 40006 and 40009 come like that.
    Code(i64),
    /// `"data": null`.
    DataNull,
    /// Lists are null.
    NullLists,
    /// Lists are not there.
    MissingLists,
    /// Counts contradict the lists.
    Counts,
    /// Every entry comes twice, the second time with another name and status.
    Repeat,
    /// Every second entry is left out; the counts do not know.
    Omit,
    /// An id that nobody asked about.
    Strangers,
    /// Every number is a string.
    Strings,
    /// Every number in `data` is an object.
    WrongType,
    /// Phones that have expired are failures (43004) instead of successes with status 3.
    ExpiredFails,
}

impl ResponseMutation {
    pub(crate) fn apply(&self, envelope: &mut Value) {
        match self {
            Self::Code(code) => envelope["code"] = json!(code),
            Self::Strings => each_number(envelope, &|number| Value::from(number.to_string())),
            Self::DataNull => envelope["data"] = Value::Null,
            _ => self.apply_to_data(&mut envelope["data"]),
        }
    }

    fn apply_to_data(&self, data: &mut Value) {
        match self {
            Self::WrongType => each_number(data, &|number| json!({ "value": number })),
            Self::NullLists => each_list(data, |list| *list = Value::Null),
            Self::MissingLists => {
                if let Some(data) = data.as_object_mut() {
                    data.retain(|key, _| !LISTS.contains(&key.as_str()));
                }
            }
            Self::Counts => {
                for key in COUNTS {
                    if let Some(count) = data.get_mut(key) {
                        *count = json!(count.as_u64().unwrap_or(0) + 7);
                    }
                }
            }
            Self::Repeat => each_entry_list(data, |entries| {
                let again: Vec<Value> = entries.iter().cloned().map(contradicted).collect();
                entries.extend(again);
            }),
            Self::Omit => each_entry_list(data, |entries| {
                let mut keep = false;
                entries.retain(|_| {
                    keep = !keep;
                    keep
                });
            }),
            Self::Strangers => {
                let stranger = json!({"id": "999999999999999999", "serialName": "stranger", "status": 0});
                for list in ["successDetails", "items"] {
                    if let Some(Value::Array(entries)) = data.get_mut(list) {
                        entries.push(stranger.clone());
                    }
                }
            }
            Self::ExpiredFails => expired_fails(data),
            Self::Code(_) | Self::DataNull | Self::Strings => {}
        }
    }
}

fn contradicted(mut entry: Value) -> Value {
    if let Some(status) = entry.get_mut("status") {
        *status = json!((status.as_i64().unwrap_or(0) + 1) % 4);
    }
    if let Some(name) = entry.get_mut("serialName") {
        *name = json!(format!("{} (again)", name.as_str().unwrap_or_default()));
    }
    entry
}

fn expired_fails(data: &mut Value) {
    let Some(Value::Array(found)) = data.get_mut("successDetails") else {
        return;
    };
    let (expired, rest): (Vec<_>, Vec<_>) = std::mem::take(found)
        .into_iter()
        .partition(|entry| entry["status"] == 3);
    let left = rest.len();
    *found = rest;
    let Some(Value::Array(failed)) = data.get_mut("failDetails") else {
        return;
    };
    failed.extend(
        expired
            .into_iter()
            .map(|entry| json!({"code": 43004, "id": entry["id"], "msg": "env has expired"})),
    );
    let failures = failed.len();
    data["successAmount"] = json!(left);
    data["failAmount"] = json!(failures);
}

fn each_list(data: &mut Value, change: impl Fn(&mut Value)) {
    for key in LISTS {
        if let Some(list) = data.get_mut(key) {
            change(list);
        }
    }
}

fn each_entry_list(data: &mut Value, change: impl Fn(&mut Vec<Value>)) {
    each_list(data, |list| {
        if let Value::Array(entries) = list {
            change(entries);
        }
    });
}

fn each_number(value: &mut Value, change: &impl Fn(&serde_json::Number) -> Value) {
    match value {
        Value::Number(number) => *value = change(number),
        Value::Array(values) => values.iter_mut().for_each(|value| each_number(value, change)),
        Value::Object(fields) => fields.values_mut().for_each(|value| each_number(value, change)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}
