//! What follows from a failure: GeeLark's codes, HTTP statuses and broken connections.
//!
//! One table, read by the gate (is the account closed, and for how long) and by callers ([`Consequence`]), so that the
//! two cannot disagree.

use std::time::Duration;

use super::call::{Consequence, Endpoint, Failure, Reason};

/// After 40007, 40017 or 429: "lifted in the next minute". Sixty seconds from the answer are in the next minute whether
/// GeeLark counts by the clock or in a sliding window.
const RATE_LIMIT_HOLD: Duration = Duration::from_mins(1);

/// After 40014 and 47002: GeeLark locks the account for two hours.
pub(super) const LOCK_HOLD: Duration = Duration::from_hours(2);

/// The least and the most of a `Retry-After` that is believed: never at once, never longer than GeeLark's own lock.
const RETRY_AFTER_BOUNDS: (Duration, Duration) = (Duration::from_secs(1), LOCK_HOLD);

/// What one of GeeLark's documented codes means for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// Something of GeeLark's broke; it may work next time.
    Transient,
    /// This client sent something it never should.
    Defect,
    /// Something about the ids asked for: a smaller question may be answered.
    Request,
    /// The account may not do this until a person changes something.
    Refused,
    /// Too many calls this minute.
    RateLimited,
    /// Far too many calls.
    Locked,
}

/// How the account is closed by a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// A rate limit or lock, for so long.
    Limit(Duration),
    /// A refusal that stands until a person changes something; asked again with growing back-off.
    Refusal,
}

/// The meaning of a documented code, and what a person can do about it.
fn entry(code: i64) -> Option<(Meaning, &'static str)> {
    let entry = match code {
        40000 => (Meaning::Transient, "an unknown error on GeeLark's side"),
        50000 => (Meaning::Transient, "an internal error on GeeLark's side"),
        40001 => (
            Meaning::Defect,
            "GeeLark could not read the request, which is a defect of this exporter; please report it",
        ),
        40002 => (
            Meaning::Defect,
            "GeeLark saw no traceId, which is a defect of this exporter; please report it",
        ),
        40008 => (
            Meaning::Defect,
            "GeeLark refused the page asked for, which is a defect of this exporter; please report it",
        ),
        40003 => (
            Meaning::Refused,
            "GeeLark refused the token or signature; check the account's credentials and that base_url is the site they belong to",
        ),
        40004 => (
            Meaning::Request,
            "GeeLark found a parameter invalid; for a batch, one malformed id is enough",
        ),
        40005 => (Meaning::Refused, "GeeLark knows no such resource; check base_url"),
        40012 => (
            Meaning::Refused,
            "GeeLark has retired this API; look for a newer exporter",
        ),
        40006 => (
            Meaning::Transient,
            "part of the batch failed, and GeeLark does not say which",
        ),
        40009 => (
            Meaning::Transient,
            "the whole batch failed, and GeeLark does not say why",
        ),
        40007 | 40017 => (
            Meaning::RateLimited,
            "too many calls this minute; lower budget.requests_per_minute or what else spends this account's limit",
        ),
        40011 => (
            Meaning::Refused,
            "the API is for paid users only; upgrade the account's plan",
        ),
        40015 => (
            Meaning::Refused,
            "the account has no permission for this call; grant it in GeeLark",
        ),
        40016 => (
            Meaning::Refused,
            "this machine's IP address is not on the account's whitelist; add it in GeeLark",
        ),
        40014 => (
            Meaning::Locked,
            "the hourly limit is exceeded and GeeLark locks the account for two hours; lower budget.requests_per_minute or what else spends this account's limit",
        ),
        47002 => (
            Meaning::Locked,
            "too many calls at once, for which GeeLark locks an account up to two hours; lower budget.max_in_flight or what else calls for this account",
        ),
        42001 => (Meaning::Request, "a phone of the request does not exist"),
        43004 => (Meaning::Request, "a phone of the request has expired"),
        _ => return None,
    };
    Some(entry)
}

/// Whether `code` is one that GeeLark documents. A gateway's own number in a similar envelope is not.
pub(super) fn is_documented(code: i64) -> bool {
    entry(code).is_some()
}

/// What a person should know of `code`.
pub(super) fn explanation(code: i64) -> &'static str {
    entry(code).map_or("a code that GeeLark does not document", |(_, explanation)| explanation)
}

/// Whether `failure` closes the account.
pub(super) fn block(failure: &Failure) -> Option<Block> {
    let asked = || {
        let (least, most) = RETRY_AFTER_BOUNDS;
        failure.retry_after.map(|asked| Block::Limit(asked.clamp(least, most)))
    };
    match failure.reason {
        Reason::Code(code) => match entry(code)?.0 {
            Meaning::RateLimited => Some(Block::Limit(RATE_LIMIT_HOLD)),
            Meaning::Locked => Some(Block::Limit(LOCK_HOLD)),
            Meaning::Refused => Some(Block::Refusal),
            Meaning::Transient | Meaning::Defect | Meaning::Request => None,
        },
        Reason::Http(401 | 403) => Some(Block::Refusal),
        Reason::Http(429) => asked().or(Some(Block::Limit(RATE_LIMIT_HOLD))),
        // A server that says when to come back means it; one that does not is down, which a retry finds out.
        Reason::Http(503) => asked(),
        _ => None,
    }
}

/// Whether what came of a call to `endpoint` says something of the whole account, so that it opens or closes the gate.
///
/// Only a status call that succeeds proves that phones may be asked about. The account endpoints have limits and permissions of their own: that the wallet may not be seen, or not so often, is no
/// reason to stop asking about phones, nor is a wallet that can be seen a proof that phones may be asked about. Only a lock
/// is everybody's.
pub(super) fn speaks_for_the_account(endpoint: Endpoint, failure: Option<&Failure>) -> bool {
    match endpoint {
        Endpoint::PayWallet | Endpoint::PayPlanInfo => failure.is_some_and(
            |failure| matches!(failure.reason, Reason::Code(code) if entry(code).is_some_and(|(meaning, _)| meaning == Meaning::Locked)),
        ),
        // That the list may not be seen is the list's affair; credentials that are refused are everybody's.
        Endpoint::PhoneList => match failure {
            None => false,
            Some(failure) => match block(failure) {
                Some(Block::Refusal) => matches!(failure.reason, Reason::Code(40003 | 40016)),
                _ => true,
            },
        },
        Endpoint::PhoneStatus => true,
    }
}

impl Failure {
    /// What follows from it. [`Consequence::Block`] exactly when it closes the gate, if it came of a call about phones.
    pub fn consequence(&self) -> Consequence {
        if block(self).is_some() {
            return Consequence::Block;
        }
        match self.reason {
            Reason::Code(code) => match entry(code).map(|(meaning, _)| meaning) {
                Some(Meaning::Request) => Consequence::Split,
                Some(Meaning::Defect) => Consequence::GiveUp,
                _ => Consequence::Retry,
            },
            // Decode is among them because it is mostly a page that a gateway shows while something is restarted.
            Reason::Http(408 | 425 | 500..) | Reason::Timeout | Reason::Connect | Reason::Body | Reason::Decode => {
                Consequence::Retry
            }
            // The address or a certificate is wrong, and does not become right within a round.
            Reason::Http(_) | Reason::Tls => Consequence::GiveUp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(reason: Reason, retry_after: Option<u64>) -> Failure {
        Failure {
            reason,
            message: String::new(),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    #[test]
    fn every_documented_code_has_its_consequence() {
        use Consequence::{Block, GiveUp, Retry, Split};
        let table = [
            (40000, Retry),
            (40001, GiveUp),
            (40002, GiveUp),
            (40003, Block),
            (40004, Split),
            (40005, Block),
            (40006, Retry),
            (40007, Block),
            (40008, GiveUp),
            (40009, Retry),
            (40011, Block),
            (40012, Block),
            (40014, Block),
            (40015, Block),
            (40016, Block),
            (40017, Block),
            (42001, Split),
            (43004, Split),
            (47002, Block),
            (50000, Retry),
        ];
        for (code, consequence) in table {
            assert!(is_documented(code), "{code}");
            assert_eq!(failure(Reason::Code(code), None).consequence(), consequence, "{code}");
        }
        assert!(!is_documented(60000));
        assert_eq!(failure(Reason::Code(60000), None).consequence(), Retry);
        assert_eq!(failure(Reason::Code(-1), None).consequence(), Retry);
    }

    #[test]
    fn rate_limits_hold_a_minute_and_locks_two_hours() {
        for (code, seconds) in [(40007, 60), (40017, 60), (40014, 7200), (47002, 7200)] {
            assert_eq!(
                block(&failure(Reason::Code(code), Some(5))),
                Some(Block::Limit(Duration::from_secs(seconds))),
                "{code}"
            );
        }
        for code in [40003, 40005, 40011, 40012, 40015, 40016] {
            assert_eq!(
                block(&failure(Reason::Code(code), None)),
                Some(Block::Refusal),
                "{code}"
            );
        }
    }

    #[test]
    fn a_429_holds_as_long_as_it_asks_within_bounds() {
        for (asked, held) in [(None, 60), (Some(5), 5), (Some(0), 1), (Some(1_000_000), 7200)] {
            assert_eq!(
                block(&failure(Reason::Http(429), asked)),
                Some(Block::Limit(Duration::from_secs(held))),
                "{asked:?}"
            );
        }
    }

    #[test]
    fn a_503_holds_only_when_it_says_for_how_long() {
        assert_eq!(
            block(&failure(Reason::Http(503), Some(30))),
            Some(Block::Limit(Duration::from_secs(30)))
        );
        assert_eq!(failure(Reason::Http(503), Some(30)).consequence(), Consequence::Block);
        assert_eq!(failure(Reason::Http(503), None).consequence(), Consequence::Retry);
    }

    #[test]
    fn what_may_pass_is_retried_and_what_stays_wrong_is_not() {
        use Consequence::{Block, GiveUp, Retry};
        let table = [
            (Reason::Timeout, Retry),
            (Reason::Connect, Retry),
            (Reason::Body, Retry),
            (Reason::Decode, Retry),
            (Reason::Tls, GiveUp),
            (Reason::Http(302), GiveUp),
            (Reason::Http(400), GiveUp),
            (Reason::Http(401), Block),
            (Reason::Http(403), Block),
            (Reason::Http(404), GiveUp),
            (Reason::Http(408), Retry),
            (Reason::Http(429), Block),
            (Reason::Http(500), Retry),
            (Reason::Http(502), Retry),
            (Reason::Http(504), Retry),
            (Reason::Http(599), Retry),
        ];
        for (reason, consequence) in table {
            assert_eq!(failure(reason, None).consequence(), consequence, "{reason}");
        }
    }
    #[test]
    fn of_the_account_endpoints_only_a_lock_is_heard() {
        let speaks = |endpoint, code: Option<i64>| {
            let failure = code.map(|code| failure(Reason::Code(code), None));
            speaks_for_the_account(endpoint, failure.as_ref())
        };
        for endpoint in [Endpoint::PayWallet, Endpoint::PayPlanInfo] {
            for code in [None, Some(40007), Some(40003), Some(40015), Some(50000)] {
                assert!(!speaks(endpoint, code), "{code:?}");
                assert!(speaks(Endpoint::PhoneStatus, code), "{code:?}");
            }
            assert!(speaks(endpoint, Some(40014)) && speaks(endpoint, Some(47002)));
        }
    }
}
