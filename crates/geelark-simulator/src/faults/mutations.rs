//! Changes of a truthful envelope: it stays well-formed, but it is not true, or has an odd form.

use std::mem::take;

use clap::Subcommand;
use serde_json::{Number, Value, json};

const LISTS: [&str; 3] = ["successDetails", "failDetails", "items"];
const COUNTS: [&str; 4] = ["totalAmount", "successAmount", "failAmount", "total"];

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Mutation {
    CodeWithData {
        code: i64,
    },
    DataNull,
    NullLists,
    MissingLists,
    /// The counts contradict the lists.
    Counts,
    /// Every entry comes twice, the second time with another name and status.
    Repeat,
    /// Every second entry is missing, and the counts do not say so.
    Omit,
    /// There is a phone that the client did not request.
    Strangers,
    /// Every number is a string.
    Strings,
    /// Every number in the data is an object.
    WrongType,
    /// Expired phones are failures with code 43004.
    ExpiredFails,
}

impl Mutation {
    pub(crate) fn apply(&self, envelope: &mut Value) {
        let data = &mut envelope["data"];
        match self {
            Self::CodeWithData { code } => envelope["code"] = json!(code),
            Self::DataNull => *data = Value::Null,
            Self::NullLists => fields(data, &LISTS).for_each(|list| *list = Value::Null),
            Self::MissingLists => {
                if let Some(fields) = data.as_object_mut() {
                    fields.retain(|name, _| !LISTS.contains(&name.as_str()));
                }
            }
            Self::Counts => fields(data, &COUNTS).for_each(|count| *count = json!(count.as_u64().unwrap_or(0) + 7)),
            Self::Repeat => lists(data, &LISTS).for_each(repeat),
            Self::Omit => lists(data, &LISTS).for_each(|list| *list = take(list).into_iter().step_by(2).collect()),
            Self::Strangers => {
                let stranger = json!({"id": "999999999999999999", "serialName": "stranger", "status": 0});
                lists(data, &["successDetails", "items"]).for_each(|list| list.push(stranger.clone()));
            }
            Self::Strings => each_number(envelope, &|number| number.to_string().into()),
            Self::WrongType => each_number(data, &|number| json!({ "value": number })),
            Self::ExpiredFails => expired_as_failures(data),
        }
    }
}

fn repeat(list: &mut Vec<Value>) {
    let mut again = list.clone();
    for entry in &mut again {
        fields(entry, &["status"]).for_each(|status| *status = json!((status.as_i64().unwrap_or(0) + 1) % 4));
        fields(entry, &["serialName"]).for_each(|name| *name = json!(format!("{name} (again)")));
    }
    list.append(&mut again);
}

fn expired_as_failures(data: &mut Value) {
    let mut expired = Vec::new();
    for found in lists(data, &["successDetails"]) {
        expired.extend(found.extract_if(.., |entry| entry["status"] == 3));
    }
    let failure = |entry: &Value| json!({"code": 43004, "id": entry["id"], "msg": "env has expired"});
    lists(data, &["failDetails"]).for_each(|failed| failed.extend(expired.iter().map(failure)));
    for (list, count) in [("successDetails", "successAmount"), ("failDetails", "failAmount")] {
        let length = data[list].as_array().map_or(0, Vec::len);
        fields(data, &[count]).for_each(|count| *count = length.into());
    }
}

/// The fields of an object with these names.
fn fields<'a>(object: &'a mut Value, names: &'a [&str]) -> impl Iterator<Item = &'a mut Value> {
    let fields = object.as_object_mut().into_iter().flatten();
    fields.filter_map(|(name, value)| names.contains(&name.as_str()).then_some(value))
}

fn lists<'a>(data: &'a mut Value, names: &'a [&str]) -> impl Iterator<Item = &'a mut Vec<Value>> {
    fields(data, names).filter_map(Value::as_array_mut)
}

fn each_number(value: &mut Value, change: &impl Fn(&Number) -> Value) {
    match value {
        Value::Number(number) => *value = change(number),
        Value::Array(values) => values.iter_mut().for_each(|value| each_number(value, change)),
        Value::Object(fields) => fields.values_mut().for_each(|value| each_number(value, change)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}
