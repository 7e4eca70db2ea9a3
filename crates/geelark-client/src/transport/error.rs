//! What errors of the HTTP client mean.

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::call::{Failure, Reason};

/// The HTTP client cannot be set up, usually because the machine has no CA certificates.
#[derive(Debug, thiserror::Error)]
#[error(
    "the HTTP client cannot be set up: {0}; check the proxy variables of this machine and its CA certificates: \
     install the ca-certificates package or point SSL_CERT_FILE at a PEM file of them"
)]
pub struct SetupError(String);

impl From<reqwest::Error> for SetupError {
    fn from(error: reqwest::Error) -> Self {
        Self(root_cause(&error))
    }
}

/// What `error` means. The message leaves out the address, which may contain a password.
pub(super) fn failure(error: &reqwest::Error, timeout: Duration) -> Failure {
    let root = root_cause(error);
    let (reason, message) = if error.is_timeout() && error.is_connect() {
        let message = "no connection in time; check base_url, the firewall and any proxy";
        (Reason::Timeout, message.to_owned())
    } else if error.is_timeout() {
        let timeout = humantime::format_duration(timeout);
        let message = format!("no complete response within {timeout}; raise poll.timeout if that is normal here");
        (Reason::Timeout, message)
    } else if error.is_body() || error.is_decode() {
        (Reason::Body, format!("the response broke off: {root}"))
    } else if causes(error).any(<dyn Error>::is::<rustls::Error>) {
        let advice = "check base_url, the clock and the CA certificates of this machine, and any proxy";
        (Reason::Tls, format!("TLS failed: {root}; {advice}"))
    } else if error.is_connect() {
        let advice = "check base_url, DNS, the firewall and any proxy";
        (Reason::Connect, format!("no connection: {root}; {advice}"))
    } else {
        (
            Reason::Connect,
            format!("the connection broke before a response began: {root}"),
        )
    };
    Failure::new(reason, message)
}

/// The response is larger than `max` bytes.
pub(super) fn oversized(max: usize) -> Failure {
    let message = format!("the response is larger than {max} bytes; check base_url and any proxy on the way");
    Failure::new(Reason::Body, message)
}

/// The error and its causes, outermost first. The source of an `io::Error` is the source of its content, so the content is
/// inserted between them.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(content) => Some(content),
            None => error.source(),
        }
    })
}

/// The innermost cause, for instance "Connection refused (os error 111)".
fn root_cause(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}
