//! The envelope of GeeLark's responses.

#[cfg(test)]
mod anything;
#[cfg(test)]
mod tests;

use super::call::{Endpoint, Failure, Reason};
use super::code;
use super::json::{Field, document, integer, problem, text};
use super::transport::Reply;

/// How many characters of GeeLark's `msg` are quoted.
const QUOTE_LIMIT: usize = 150;

/// What the `data` of an endpoint's response says.
pub trait ResponseData: Default + PartialEq {
    /// The endpoint.
    const ENDPOINT: Endpoint;

    /// Reads `data`. If it is missing or null, the default is used instead.
    fn read(data: &str) -> Result<Self, serde_json::Error>;
}

/// Reads a reply.
pub fn decode<D: ResponseData>(reply: &Reply) -> Result<D, Failure> {
    open(reply).map_err(|failure| Failure {
        retry_after: reply.retry_after,
        ..failure
    })
}

fn open<D: ResponseData>(reply: &Reply) -> Result<D, Failure> {
    let envelope = document(&reply.body, ["code", "msg", "data"]);
    let [code, msg, data] = *envelope.as_ref().unwrap_or(&[None; 3]);
    let code = integer(code);
    if !(200..300).contains(&reply.status) {
        // GeeLark's own code says more than the status, and may be a lock. Other envelopes come from a gateway.
        return Err(match code.filter(|code| code::explanation(*code).is_some()) {
            Some(code) => coded(code, msg),
            None => Failure::new(Reason::Http(reply.status), http_message(reply.status)),
        });
    }
    if let Err(problem) = envelope {
        return Err(undecodable(&format!("it {problem}")));
    }
    let data = data.map_or_else(|| Ok(D::default()), |data| D::read(data.get()));
    match code {
        None => Err(undecodable("its code is missing or not a number")),
        Some(0) => data.map_err(|error| undecodable(&format!("its data {}", problem(&error)))),
        // A part or all of a batch failed, or the code of each entry is repeated here: the entries are the response.
        Some(code @ (40006 | 40009 | 42001 | 43004)) if D::ENDPOINT == Endpoint::PhoneStatus => {
            let entries = data.ok().filter(|data| *data != D::default());
            entries.ok_or_else(|| coded(code, msg))
        }
        Some(code) => Err(coded(code, msg)),
    }
}

fn coded(code: i64, msg: Field<'_>) -> Failure {
    // Escaped, so that foreign text cannot break a line of the log or steer a terminal.
    let quote: Option<String> = text(msg).map(|msg| msg.escape_debug().take(QUOTE_LIMIT).collect());
    let quote = quote.map_or_else(String::new, |quote| format!(" (\"{quote}\")"));
    let explanation = code::explanation(code).unwrap_or_else(|| "a code that GeeLark does not document".to_owned());
    Failure::new(
        Reason::Code(code),
        format!("GeeLark answered {code}{quote}: {explanation}"),
    )
}

fn undecodable(problem: &str) -> Failure {
    let message = format!("the response is not one of GeeLark's: {problem}; check base_url and any proxy on the way");
    Failure::new(Reason::Decode, message)
}

fn http_message(status: u16) -> String {
    let hint = match status {
        300..=399 => "redirects are not followed; check base_url",
        401 | 403 | 407 => "access was refused; check the account's credentials and any proxy on the way",
        404 | 405 => "there is no such API at this address; check base_url",
        429 => "too many calls; lower budget.requests_per_minute or other use of the account",
        500.. => "GeeLark or a gateway in front of it has a problem",
        _ => "the request was refused; check base_url and any proxy on the way",
    };
    format!("HTTP status {status}: {hint}")
}
