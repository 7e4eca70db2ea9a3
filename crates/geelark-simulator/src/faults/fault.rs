//! A fault and how it is written, on the command line and over HTTP alike: `kind[:argument][,key=value]...`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::Response;
use clap::ValueEnum;
use serde_json::Value;

use super::{bodies, mutations};
use crate::endpoint::Endpoint;

const DRIP: Duration = Duration::from_millis(100);
const DEEP: usize = 100_000;
const HUGE: usize = 100 << 20;
const BOMB: usize = 1 << 30;

/// Something that goes wrong on demand. Parsed from text, for example `http:503,endpoint=status,count=2`.
#[derive(Clone)]
pub struct Fault {
    pub(super) spec: String,
    pub(super) effect: Effect,
    endpoint: Option<Endpoint>,
    id: Option<String>,
    pub(super) count: Option<u64>,
    pub(super) probability: Option<f64>,
}

/// Why a text is not a fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fault {spec:?}: {reason}")]
pub struct BadFault {
    spec: String,
    reason: String,
}

/// Changes a truthful envelope.
type ResponseMutation = Arc<dyn Fn(&mut Value) + Send + Sync>;

/// Makes a response out of the truthful body.
type BodyFault = Arc<dyn Fn(&Bytes) -> Response + Send + Sync>;

/// What a fault does to a call.
#[derive(Clone)]
pub(crate) enum Effect {
    /// The answer is late.
    Latency(Duration),
    /// No answer ever begins.
    Hang,
    /// TCP reset instead of an answer.
    Reset,
    /// End of the connection instead of an answer.
    Close,
    /// A gateway answers instead of GeeLark.
    Http {
        status: StatusCode,
        /// Seconds.
        retry_after: Option<u64>,
    },
    /// An envelope with this code and no data.
    Code(i64),
    /// A well-formed envelope that is not true.
    Mutation(ResponseMutation),
    /// A response that is not an envelope.
    Body(BodyFault),
}

impl Effect {
    pub(super) fn ends_the_call(&self) -> bool {
        !matches!(self, Self::Latency(_) | Self::Mutation(_) | Self::Body(_))
    }
}

impl Fault {
    /// Whether the fault is meant for calls of `endpoint` about `ids`.
    pub(super) fn matches(&self, endpoint: Endpoint, ids: &[&str]) -> bool {
        self.endpoint.is_none_or(|only| only == endpoint) && self.id.as_deref().is_none_or(|id| ids.contains(&id))
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match (key, &mut self.effect) {
            ("endpoint", _) => {
                let endpoint = Endpoint::from_str(value, false);
                let endpoint = endpoint.map_err(|_| format!("endpoint {value:?} is not status, list, wallet or plan"));
                self.endpoint = Some(endpoint?);
            }
            ("id", _) => self.id = Some(value.to_owned()),
            ("count", _) => self.count = Some(whole(key, value)?),
            ("probability", _) => {
                let share = value.parse().ok().filter(|share| (0.0..=1.0).contains(share));
                self.probability = Some(share.ok_or_else(|| format!("probability {value:?} is not between 0 and 1"))?);
            }
            ("retry-after", Effect::Http { retry_after, .. }) => *retry_after = Some(whole(key, value)?),
            ("retry-after", _) => return Err("only http takes retry-after".to_owned()),
            _ => {
                return Err(format!(
                    "{key:?} is not endpoint, id, count, probability or retry-after"
                ));
            }
        }
        Ok(())
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

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spec)
    }
}

fn read(spec: &str) -> Result<Fault, String> {
    let mut parts = spec.split(',').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let mut fault = Fault {
        spec: spec.to_owned(),
        effect: read_effect(kind)?,
        endpoint: None,
        id: None,
        count: None,
        probability: None,
    };
    for part in parts {
        let pair = part.split_once('=');
        let (key, value) = pair.ok_or_else(|| format!("{part:?} is not key=value"))?;
        fault.set(key, value)?;
    }
    Ok(fault)
}

/// Every kind of fault, with its argument and what it does.
fn read_effect(kind: &str) -> Result<Effect, String> {
    let (name, mut argument) = match kind.split_once(':') {
        Some((name, argument)) => (name, Some(argument)),
        None => (kind, None),
    };
    let mut required = || {
        let needed = || format!("{name} needs an argument, as in {name}:...");
        argument.take().ok_or_else(needed)
    };
    let effect = match name {
        "latency" => Effect::Latency(duration(required()?)?),
        "hang" => Effect::Hang,
        "reset" => Effect::Reset,
        "close" => Effect::Close,
        "http" => Effect::Http {
            status: http_status(required()?)?,
            retry_after: None,
        },
        "code" => Effect::Code(whole(name, required()?)?),

        "code-with-data" => {
            let code: i64 = whole(name, required()?)?;
            mutation(move |envelope| envelope["code"] = code.into())
        }
        "data-null" => mutation(|envelope| envelope["data"] = Value::Null),
        "null-lists" => mutation(mutations::null_lists),
        "missing-lists" => mutation(mutations::missing_lists),
        "counts" => mutation(mutations::wrong_counts),
        "repeat" => mutation(mutations::repeat_entries),
        "omit" => mutation(mutations::omit_entries),
        "strangers" => mutation(mutations::add_unrequested_phone),
        "strings" => mutation(mutations::numbers_as_strings),
        "wrong-type" => mutation(mutations::numbers_as_objects),
        "expired-fails" => mutation(mutations::expired_as_failures),

        "hang-body" => body(bodies::half_then_silence),
        "cut" => body(bodies::half_then_end),
        "drip" => {
            let pause = argument.take().map_or(Ok(DRIP), duration)?;
            body(move |truth| bodies::drip(truth, pause))
        }
        "html" => body(|_| bodies::html()),
        "empty" => body(|_| bodies::small("")),
        "truncated" => body(|truth| bodies::small(truth.slice(..truth.len() / 2))),
        "not-utf8" => body(bodies::not_utf8),
        "deep" => {
            let depth = argument.take().map_or(Ok(DEEP), size)?;
            body(move |_| bodies::deep(depth))
        }
        "huge" => {
            let size = argument.take().map_or(Ok(HUGE), size)?;
            body(move |_| bodies::huge(size))
        }
        "bomb" => {
            let size = argument.take().map_or(Ok(BOMB), size)?;
            body(move |_| bodies::bomb(size))
        }
        _ => return Err(format!("there is no kind {name:?}; the documentation lists them")),
    };
    match argument {
        None => Ok(effect),
        Some(_) => Err(format!("{name} takes no argument")),
    }
}

fn mutation(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Effect {
    Effect::Mutation(Arc::new(change))
}

fn body(respond: impl Fn(&Bytes) -> Response + Send + Sync + 'static) -> Effect {
    Effect::Body(Arc::new(respond))
}

fn whole<T: FromStr>(name: &str, text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("{name} {text:?} is not a whole number"))
}

fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| format!("{text:?} is not a duration such as 250ms or 2s"))
}

fn http_status(text: &str) -> Result<StatusCode, String> {
    // A status below 200 is not final, and a server must not send it as an answer.
    text.parse()
        .ok()
        .filter(|status: &StatusCode| status.as_u16() >= 200)
        .ok_or_else(|| format!("{text:?} is not an HTTP status from 200 to 999"))
}

/// A count or a number of bytes: `5000`, `64K`, `100M`, `2G`.
fn size(text: &str) -> Result<usize, String> {
    let units = [("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30)];
    let unit = units
        .iter()
        .find_map(|(suffix, bytes)| Some((text.strip_suffix(suffix)?, *bytes)));
    let (digits, bytes) = unit.unwrap_or((text, 1));
    digits
        .parse()
        .ok()
        .and_then(|number: usize| number.checked_mul(bytes))
        .ok_or_else(|| format!("{text:?} is not a size such as 64K or 1G"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(spec: &str) -> Effect {
        spec.parse::<Fault>().unwrap().effect
    }

    #[test]
    fn kinds_read_their_arguments() {
        assert!(matches!(effect("latency:1500ms"), Effect::Latency(length) if length.as_millis() == 1500));
        assert!(matches!(effect("code:-1"), Effect::Code(-1)));
        let http = effect("http:429, retry-after=30, count=1");
        let Effect::Http { status, retry_after } = http else {
            panic!("http is an HTTP status");
        };
        assert_eq!((status, retry_after), (StatusCode::TOO_MANY_REQUESTS, Some(30)));
        assert_eq!(
            ["7", "2K", "64M", "1G"].map(size),
            [Ok(7), Ok(2048), Ok(64 << 20), Ok(1 << 30)]
        );
    }

    #[test]
    fn a_fault_keeps_its_text_and_its_filters() {
        let spec = "http:503,endpoint=status,id=588,count=2,probability=0.5";
        let fault: Fault = spec.parse().unwrap();
        assert_eq!(fault.spec, spec);
        assert_eq!((fault.count, fault.probability), (Some(2), Some(0.5)));
        assert!(fault.matches(Endpoint::Status, &["1", "588"]));
        assert!(!fault.matches(Endpoint::Status, &["1"]));
        assert!(!fault.matches(Endpoint::List, &["588"]));
    }

    #[test]
    fn an_invalid_fault_is_refused_in_a_sentence() {
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
            ("hang,retry-after=3", "only http takes retry-after"),
            ("hang,often", "\"often\" is not key=value"),
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
