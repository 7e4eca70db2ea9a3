//! How a fault is written, on the command line and over HTTP alike: `kind[:argument][,key=value]...`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::kind::{GatewayError, Kind};
use super::spoil::BodyFault;
use super::warp::ResponseMutation;
use crate::api::Endpoint;

const DRIP: Duration = Duration::from_millis(100);
const DEEP: u64 = 100_000;
const HUGE: u64 = 100 << 20;
const BOMB: u64 = 1 << 30;

/// Something that goes wrong on demand. Parsed from its spelling, for example `http:503,endpoint=status,count=2`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fault {
    spec: String,
    pub(super) kind: Kind,
    endpoint: Option<Endpoint>,
    id: Option<String>,
    pub(super) count: Option<u64>,
    pub(super) probability: Option<f64>,
}

/// Why a spelling is no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fault {spec:?}: {reason}")]
pub struct BadFault {
    spec: String,
    reason: String,
}

impl Fault {
    /// Whether it is meant for calls of `endpoint` about `ids`.
    pub(super) fn concerns(&self, endpoint: Endpoint, ids: &[String]) -> bool {
        self.endpoint.is_none_or(|wanted| wanted == endpoint) && self.id.as_ref().is_none_or(|id| ids.contains(id))
    }
}

impl FromStr for Fault {
    type Err = BadFault;

    fn from_str(spec: &str) -> Result<Self, BadFault> {
        read(spec).map_err(|reason| BadFault {
            spec: spec.to_owned(),
            reason,
        })
    }
}

impl TryFrom<String> for Fault {
    type Error = BadFault;

    fn try_from(spec: String) -> Result<Self, BadFault> {
        spec.parse()
    }
}

impl From<Fault> for String {
    fn from(fault: Fault) -> Self {
        fault.spec
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spec)
    }
}

fn read(spec: &str) -> Result<Fault, String> {
    let mut parts = spec.split(',').map(str::trim);
    let head = parts.next().unwrap_or_default();
    let (name, argument) = head
        .split_once(':')
        .map_or((head, None), |(name, argument)| (name, Some(argument)));
    let mut fault = Fault {
        spec: spec.to_owned(),
        kind: read_kind(name, argument)?,
        endpoint: None,
        id: None,
        count: None,
        probability: None,
    };
    for part in parts {
        let (key, value) = part
            .split_once('=')
            .ok_or_else(|| format!("{part:?} is no key=value"))?;
        read_key(&mut fault, key, value)?;
    }
    Ok(fault)
}

fn read_key(fault: &mut Fault, key: &str, value: &str) -> Result<(), String> {
    match (key, &mut fault.kind) {
        ("endpoint", _) => {
            let endpoint = value
                .parse()
                .map_err(|()| format!("endpoint {value:?} is not status, list, wallet or plan"))?;
            fault.endpoint = Some(endpoint);
        }
        ("id", _) => fault.id = Some(value.to_owned()),
        ("count", _) => fault.count = Some(whole(key, value)?),
        ("probability", _) => {
            let probability = value.parse().ok().filter(|given| (0.0..=1.0).contains(given));
            fault.probability =
                Some(probability.ok_or_else(|| format!("probability {value:?} is not between 0 and 1"))?);
        }
        ("retry-after", Kind::Http(error)) => error.retry_after = Some(whole(key, value)?),
        ("retry-after", _) => return Err("retry-after goes with http only".to_owned()),
        _ => {
            return Err(format!(
                "{key:?} is not endpoint, id, count, probability or retry-after"
            ));
        }
    }
    Ok(())
}

fn read_kind(name: &str, argument: Option<&str>) -> Result<Kind, String> {
    let kind = match name {
        "latency" => Kind::Latency(duration(needed(name, argument)?)?),
        "drip" => Kind::Spoil(BodyFault::Drip(argument.map_or(Ok(DRIP), duration)?)),
        "http" => Kind::Http(GatewayError {
            status: http_status(needed(name, argument)?)?,
            retry_after: None,
        }),
        "code" => Kind::Code(whole(name, needed(name, argument)?)?),
        "code-with-data" => Kind::ResponseMutation(ResponseMutation::Code(whole(name, needed(name, argument)?)?)),
        "deep" => Kind::Spoil(BodyFault::Deep(argument.map_or(Ok(DEEP), size)?)),
        "huge" => Kind::Spoil(BodyFault::Huge(argument.map_or(Ok(HUGE), size)?)),
        "bomb" => Kind::Spoil(BodyFault::Bomb(argument.map_or(Ok(BOMB), size)?)),
        _ => {
            let kind = plain(name).ok_or_else(|| format!("there is no kind {name:?}; the documentation lists them"))?;
            return if argument.is_none() {
                Ok(kind)
            } else {
                Err(format!("{name} takes no argument"))
            };
        }
    };
    Ok(kind)
}

/// The kinds without an argument.
fn plain(name: &str) -> Option<Kind> {
    Some(match name {
        "hang" => Kind::Hang,
        "reset" => Kind::Reset,
        "close" => Kind::Close,
        "hang-body" => Kind::Spoil(BodyFault::Hang),
        "cut" => Kind::Spoil(BodyFault::Cut),
        "html" => Kind::Spoil(BodyFault::Html),
        "empty" => Kind::Spoil(BodyFault::Empty),
        "truncated" => Kind::Spoil(BodyFault::Truncated),
        "not-utf8" => Kind::Spoil(BodyFault::NotUtf8),
        "data-null" => Kind::ResponseMutation(ResponseMutation::DataNull),
        "null-lists" => Kind::ResponseMutation(ResponseMutation::NullLists),
        "missing-lists" => Kind::ResponseMutation(ResponseMutation::MissingLists),
        "counts" => Kind::ResponseMutation(ResponseMutation::Counts),
        "repeat" => Kind::ResponseMutation(ResponseMutation::Repeat),
        "omit" => Kind::ResponseMutation(ResponseMutation::Omit),
        "strangers" => Kind::ResponseMutation(ResponseMutation::Strangers),
        "strings" => Kind::ResponseMutation(ResponseMutation::Strings),
        "wrong-type" => Kind::ResponseMutation(ResponseMutation::WrongType),
        "expired-fails" => Kind::ResponseMutation(ResponseMutation::ExpiredFails),
        _ => return None,
    })
}

fn needed<'a>(name: &str, argument: Option<&'a str>) -> Result<&'a str, String> {
    argument.ok_or_else(|| format!("{name} needs an argument, as in {name}:..."))
}

fn whole<T: FromStr>(name: &str, text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("{name} {text:?} is not a whole number"))
}

fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| format!("{text:?} is not a duration such as 250ms or 2s"))
}

fn http_status(text: &str) -> Result<StatusCode, String> {
    // Below 200 a status is not an answer yet, and a server may not send it as one.
    text.parse()
        .ok()
        .filter(|status: &StatusCode| status.as_u16() >= 200)
        .ok_or_else(|| format!("{text:?} is not an HTTP status from 200 to 999"))
}

/// A count or a number of bytes: `5000`, `64K`, `100M`, `2G`.
fn size(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'K') => (&text[..text.len() - 1], 10),
        Some(b'M') => (&text[..text.len() - 1], 20),
        Some(b'G') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let number: Option<u64> = digits.parse().ok();
    number
        .and_then(|number| number.checked_mul(1 << shift))
        .ok_or_else(|| format!("{text:?} is not a size such as 64K or 1G"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(spec: &str) -> Kind {
        spec.parse::<Fault>().unwrap().kind
    }

    #[test]
    fn kinds_read_their_arguments_or_have_a_default() {
        assert_eq!(kind("latency:1500ms"), Kind::Latency(Duration::from_millis(1500)));
        assert_eq!(kind("code:-1"), Kind::Code(-1));
        assert_eq!(kind("huge:64M"), Kind::Spoil(BodyFault::Huge(64 << 20)));
        assert_eq!(kind("bomb"), Kind::Spoil(BodyFault::Bomb(BOMB)));
        assert_eq!(kind("drip"), Kind::Spoil(BodyFault::Drip(DRIP)));
        let error = GatewayError {
            status: StatusCode::TOO_MANY_REQUESTS,
            retry_after: Some(30),
        };
        assert_eq!(kind("http:429, retry-after=30, count=1"), Kind::Http(error));
    }

    #[test]
    fn a_fault_keeps_its_spelling_and_its_filters() {
        let spec = "http:503,endpoint=status,id=588,count=2,probability=0.5";
        let fault: Fault = serde_json::from_value(spec.into()).unwrap();
        assert_eq!(serde_json::to_value(&fault).unwrap(), spec);
        assert_eq!((fault.count, fault.probability), (Some(2), Some(0.5)));
        assert!(fault.concerns(Endpoint::Status, &["1".to_owned(), "588".to_owned()]));
        assert!(!fault.concerns(Endpoint::Status, &["1".to_owned()]));
        assert!(!fault.concerns(Endpoint::List, &["588".to_owned()]));
    }

    #[test]
    fn what_cannot_be_read_is_refused_in_a_sentence() {
        for (spec, reason) in [
            ("meteor", "there is no kind \"meteor\"; the documentation lists them"),
            ("http", "http needs an argument, as in http:..."),
            ("http:100", "\"100\" is not an HTTP status from 200 to 999"),
            ("hang:2s", "hang takes no argument"),
            ("latency:soon", "\"soon\" is not a duration such as 250ms or 2s"),
            ("huge:99999999999G", "\"99999999999G\" is not a size such as 64K or 1G"),
            ("huge:é", "\"é\" is not a size such as 64K or 1G"),
            (
                "hang,endpoint=phones",
                "endpoint \"phones\" is not status, list, wallet or plan",
            ),
            ("hang,probability=2", "probability \"2\" is not between 0 and 1"),
            ("hang,count=-1", "count \"-1\" is not a whole number"),
            ("hang,retry-after=3", "retry-after goes with http only"),
            ("hang,often", "\"often\" is no key=value"),
            (
                "hang,colour=red",
                "\"colour\" is not endpoint, id, count, probability or retry-after",
            ),
        ] {
            let refused = spec.parse::<Fault>().unwrap_err().to_string();
            assert_eq!(refused, format!("fault {spec:?}: {reason}"));
        }
    }
}
