//! What went wrong on the way, as one of few kinds and a sentence.

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::call::{Failure, Reason};

/// The HTTP client could not be built.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The machine has no certificates to check a server's against.
    #[error(
        "no CA certificates were found on this machine, so GeeLark's certificate cannot be checked; \
         install the ca-certificates package or point SSL_CERT_FILE at a PEM file of them"
    )]
    NoCertificates,
    /// Anything else.
    #[error("the HTTP client cannot be set up: {0}; check the proxy variables and the CA certificates of this machine")]
    Other(String),
}

impl From<reqwest::Error> for SetupError {
    fn from(error: reqwest::Error) -> Self {
        Self::from_cause(&error)
    }
}

impl SetupError {
    pub(super) fn from_cause(error: &(dyn Error + 'static)) -> Self {
        let root = root_cause(error);
        // rustls-platform-verifier tells this case by its words alone.
        if root.contains("No CA certificates") {
            Self::NoCertificates
        } else {
            Self::Other(root)
        }
    }
}

/// How far a call had come when it broke.
#[derive(Clone, Copy, Debug)]
pub(super) enum CallPhase {
    /// Before the head of an answer.
    Request,
    /// While its body was read.
    Body,
}

/// What `error` means, in a sentence for the log. The address is left out of it: it says nothing new, and might hold a
/// password.
pub(super) fn failure(phase: CallPhase, error: &reqwest::Error, timeout: Duration) -> Failure {
    let root = root_cause(error);
    let tls = causes(error).any(<dyn Error>::is::<rustls::Error>);
    let (reason, message) = match phase {
        _ if error.is_timeout() && error.is_connect() => (
            Reason::Timeout,
            "no connection in time; check base_url, the firewall and any proxy".to_owned(),
        ),
        _ if error.is_timeout() => (
            Reason::Timeout,
            format!(
                "no complete answer within {}; raise poll.timeout if that is normal here",
                humantime::format_duration(timeout)
            ),
        ),
        CallPhase::Request if tls => (
            Reason::Tls,
            format!("TLS failed: {root}; check base_url, this machine's clock and CA certificates, and any proxy"),
        ),
        CallPhase::Request if error.is_connect() => (
            Reason::Connect,
            format!("no connection: {root}; check base_url, DNS, the firewall and any proxy"),
        ),
        CallPhase::Request => (
            Reason::Connect,
            format!("the connection broke before an answer began: {root}"),
        ),
        CallPhase::Body => (Reason::Body, format!("the answer broke off: {root}")),
    };
    Failure {
        reason,
        message,
        retry_after: None,
    }
}

/// The answer is larger than any truthful one.
pub(super) fn oversized(limit: usize) -> Failure {
    Failure {
        reason: Reason::Body,
        message: format!(
            "the answer is larger than the {limit} bytes a truthful one can have; check base_url and any proxy on the way"
        ),
        retry_after: None,
    }
}

/// The error and everything it stems from, outermost first. An `io::Error` names as its source what its content stems
/// from, not the content: that is put back in between.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(content) => Some(content),
            None => error.source(),
        }
    })
}

/// The innermost cause says it best: "Connection refused (os error 111)".
fn root_cause(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}
