//! What every answer of GeeLark is wrapped in, and how a reply becomes an answer or a [`Failure`].

#[cfg(test)]
mod anything;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::str::from_utf8;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::call::{Failure, Reason};
use super::transport::Reply;
use super::{code, scalar};

/// How much of what GeeLark says goes into a message.
const QUOTE_LIMIT: usize = 200;

/// The part of the envelope that is read; the `traceId` we know, having sent it.
///
/// Values are kept as they are written: whatever type they have, a code beside them must not be lost.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    code: Option<&'a RawValue>,
    #[serde(borrow)]
    msg: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// Why `data` is not what the endpoint's documentation describes.
pub(super) type DecodeError = String;

/// How an endpoint reads its `data`.
pub(super) trait Data: Default {
    /// Reads the `data` of an answer. Missing or null `data` is not read but the default.
    fn read(data: &RawValue) -> Result<Self, DecodeError>;

    /// Whether this is worth having although the code says that some or all of a batch failed.
    fn has_details(&self) -> bool {
        false
    }
}

/// Reads a reply.
pub(super) fn open<D: Data>(reply: &Reply) -> Result<D, Failure> {
    let envelope = from_utf8(&reply.body)
        .map_err(|error| format!("it is not UTF-8 (from byte {})", error.valid_up_to()))
        .and_then(|text| object("it", text))
        .and_then(|text| serde_json::from_str::<Envelope>(text).map_err(|error| decode_error("it", &error)));
    let said = envelope
        .as_ref()
        .ok()
        .and_then(|envelope| scalar::integer(envelope.code?));

    if !(200..300).contains(&reply.status) {
        // GeeLark's own word says more than the status, and may be a lock. Other envelopes are a gateway's.
        return Err(match (&envelope, said) {
            (Ok(envelope), Some(code)) if code::is_documented(code) => failed(reply, code, envelope.msg),
            _ => failure(reply, Reason::Http(reply.status), http_message(reply.status)),
        });
    }
    let envelope = envelope.map_err(|decode_error| undecodable(reply, &decode_error))?;
    match said {
        None => Err(undecodable(reply, "its code is missing or no number")),
        Some(0) => envelope
            .data
            .map_or_else(
                || Ok(D::default()),
                |data| object("its data", data.get()).and_then(|_| D::read(data)),
            )
            .map_err(|decode_error| undecodable(reply, &decode_error)),
        // Partly or wholly failed, or said of the whole what is said of each: the details, if any, are the answer.
        Some(code @ (40006 | 40009 | 42001 | 43004)) => envelope
            .data
            .and_then(|data| D::read(data).ok())
            .filter(D::has_details)
            .ok_or_else(|| failed(reply, code, envelope.msg)),
        Some(code) => Err(failed(reply, code, envelope.msg)),
    }
}

/// serde reads a struct from a list as well, by position, and would take one for an answer with little in it. An empty list
/// is how some languages write an empty object.
fn object<'a>(what: &str, text: &'a str) -> Result<&'a str, DecodeError> {
    let list = text.trim_ascii_start().strip_prefix('[');
    if list.is_some_and(|entries| !entries.trim_ascii_start().starts_with(']')) {
        return Err(format!("{what} is JSON of another shape: a list"));
    }
    Ok(text)
}

/// Says where `what` stops making sense, without repeating any of it.
pub(super) fn decode_error(what: &str, error: &serde_json::Error) -> DecodeError {
    let problem = match error.classify() {
        serde_json::error::Category::Eof => "ends too early",
        serde_json::error::Category::Data => "is JSON of another shape",
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "is not JSON",
    };
    format!("{what} {problem} (line {}, column {})", error.line(), error.column())
}

fn failed(reply: &Reply, code: i64, msg: Option<&RawValue>) -> Failure {
    let mut message = format!("GeeLark answered {code}");
    if let Some(msg) = msg.and_then(scalar::text) {
        let _ = write!(message, " (\"{}\")", quote(&msg)); // a String takes whatever is written
    }
    message.push_str(": ");
    message.push_str(code::explanation(code));
    failure(reply, Reason::Code(code), message)
}

fn http_message(status: u16) -> String {
    let name = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .map_or(String::new(), |name| format!(" {name}"));
    let hint = match status {
        300..=399 => "redirects are not followed; check base_url",
        401 | 403 | 407 => "access was refused; check the account's credentials and any proxy on the way",
        404 | 405 => "there is no such API at this address; check base_url",
        429 => "too many calls; lower budget.requests_per_minute or what else spends this account's limit",
        500.. => "GeeLark or a gateway before it has trouble",
        _ => "the request was refused; check base_url and any proxy on the way",
    };
    format!("HTTP status {status}{name}: {hint}")
}

fn undecodable(reply: &Reply, decode_error: &str) -> Failure {
    let message =
        format!("the answer is not one of GeeLark's: {decode_error}; check base_url and any proxy on the way");
    failure(reply, Reason::Decode, message)
}

fn failure(reply: &Reply, reason: Reason, message: String) -> Failure {
    Failure {
        reason,
        message,
        retry_after: reply.retry_after,
    }
}

/// Foreign text for a log line: short, and nothing in it that could begin another line or steer a terminal.
fn quote(text: &str) -> String {
    let mut quoted = String::new();
    for c in text.chars() {
        if quoted.len() >= QUOTE_LIMIT {
            quoted.push('…');
            break;
        }
        if is_unprintable(c) || matches!(c, '"' | '\\') {
            quoted.extend(c.escape_default());
        } else {
            quoted.push(c);
        }
    }
    quoted
}

/// Control characters, line separators, and what turns the direction of writing around.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
