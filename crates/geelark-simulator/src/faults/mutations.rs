//! Changes of a truthful envelope: it stays well-formed, but it is not true, or has an odd form.

use serde_json::{Number, Value, json};

const LISTS: [&str; 3] = ["successDetails", "failDetails", "items"];
const COUNTS: [&str; 4] = ["totalAmount", "successAmount", "failAmount", "total"];

pub(super) fn null_lists(envelope: &mut Value) {
    fields(envelope, &LISTS).for_each(|list| *list = Value::Null);
}

pub(super) fn missing_lists(envelope: &mut Value) {
    if let Some(data) = envelope["data"].as_object_mut() {
        data.retain(|key, _| !LISTS.contains(&key.as_str()));
    }
}

/// Makes the counts contradict the lists.
pub(super) fn wrong_counts(envelope: &mut Value) {
    fields(envelope, &COUNTS).for_each(|count| *count = json!(count.as_u64().unwrap_or(0) + 7));
}

/// Repeats every entry, with another name and status.
pub(super) fn repeat_entries(envelope: &mut Value) {
    for entries in fields(envelope, &LISTS).filter_map(Value::as_array_mut) {
        let mut again = entries.clone();
        for entry in &mut again {
            if let Some(status) = entry.get_mut("status") {
                *status = json!((status.as_i64().unwrap_or(0) + 1) % 4);
            }
            if let Some(name) = entry.get_mut("serialName") {
                *name = json!(format!("{} (again)", name.as_str().unwrap_or_default()));
            }
        }
        entries.append(&mut again);
    }
}

/// Leaves out every second entry, and does not correct the counts.
pub(super) fn omit_entries(envelope: &mut Value) {
    for entries in fields(envelope, &LISTS).filter_map(Value::as_array_mut) {
        *entries = std::mem::take(entries).into_iter().step_by(2).collect();
    }
}

/// Adds a phone that the client did not ask about.
pub(super) fn add_unrequested_phone(envelope: &mut Value) {
    for entries in fields(envelope, &["successDetails", "items"]).filter_map(Value::as_array_mut) {
        entries.push(json!({"id": "999999999999999999", "serialName": "stranger", "status": 0}));
    }
}

pub(super) fn numbers_as_strings(envelope: &mut Value) {
    each_number(envelope, &|number| number.to_string().into());
}

pub(super) fn numbers_as_objects(envelope: &mut Value) {
    each_number(&mut envelope["data"], &|number| json!({ "value": number }));
}

/// Moves expired phones from the successes to the failures, with code 43004.
pub(super) fn expired_as_failures(envelope: &mut Value) {
    let data = &mut envelope["data"];
    let Some(found) = data.get_mut("successDetails").and_then(Value::as_array_mut) else {
        return;
    };
    let expired: Vec<Value> = found.extract_if(.., |entry| entry["status"] == 3).collect();
    let successes = found.len();
    let Some(failed) = data.get_mut("failDetails").and_then(Value::as_array_mut) else {
        return;
    };
    let failure = |entry: &Value| json!({"code": 43004, "id": entry["id"], "msg": "env has expired"});
    failed.extend(expired.iter().map(failure));
    let failures = failed.len();
    data["successAmount"] = successes.into();
    data["failAmount"] = failures.into();
}

/// The fields of the envelope's data with these names.
fn fields<'a>(envelope: &'a mut Value, names: &'a [&str]) -> impl Iterator<Item = &'a mut Value> {
    let data = envelope["data"].as_object_mut().into_iter().flatten();
    data.filter_map(|(name, value)| names.contains(&name.as_str()).then_some(value))
}

fn each_number(value: &mut Value, change: &impl Fn(&Number) -> Value) {
    match value {
        Value::Number(number) => *value = change(number),
        Value::Array(values) => values.iter_mut().for_each(|value| each_number(value, change)),
        Value::Object(fields) => fields.values_mut().for_each(|value| each_number(value, change)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}
