//! What GeeLark's codes, HTTP statuses and network errors mean.
//!
//! The table is read by the gate, which blocks the account, and by callers, which decide what to do next. So the two agree.

use std::time::Duration;

use super::call::{Consequence, Endpoint, Failure, Reason};
use Consequence::{GiveUp, Retry, Split};

/// 40014 and 47002: GeeLark locks the account for two hours.
pub(super) const LOCK_LENGTH: Duration = Duration::from_hours(2);

const LOCK: Consequence = Consequence::Block(Some(LOCK_LENGTH));

/// GeeLark lifts a rate limit in the next minute. A minute from the response is in it, with fixed and sliding windows.
const RATE_LIMIT: Consequence = Consequence::Block(Some(Duration::from_mins(1)));

const REFUSAL: Consequence = Consequence::Block(None);

/// The shortest `Retry-After`. The longest is [`LOCK_LENGTH`].
const MIN_RETRY_AFTER: Duration = Duration::from_secs(1);

/// What follows from a documented code, and what it means.
fn entry(code: i64) -> Option<(Consequence, &'static str)> {
    Some(match code {
        40000 => (Retry, "unknown error at GeeLark"),
        40001 => (GiveUp, "GeeLark could not read the request"),
        40002 => (GiveUp, "GeeLark saw no traceId"),
        40003 => (REFUSAL, "token or signature refused; check credentials and base_url"),
        40004 => (Split, "invalid parameter; in a batch, one invalid id is enough"),
        40005 => (REFUSAL, "GeeLark does not know this API; check base_url"),
        40006 => (Retry, "a part of the batch failed, and GeeLark does not say which"),
        40007 | 40017 => (RATE_LIMIT, "too many calls this minute"),
        40008 => (GiveUp, "GeeLark refused the page number"),
        40009 => (Retry, "the whole batch failed, and GeeLark does not say why"),
        40011 => (REFUSAL, "the API is for paying users; upgrade the account's plan"),
        40012 => (REFUSAL, "GeeLark has retired this API; look for a newer exporter"),
        40014 => (LOCK, "too many calls this hour, locked for two hours"),
        40015 => (REFUSAL, "no permission for this call; grant it in GeeLark"),
        40016 => (REFUSAL, "this IP address is not whitelisted; add it in GeeLark"),
        42001 => (Split, "a phone of the request does not exist"),
        43004 => (Split, "a phone of the request has expired"),
        47002 => (LOCK, "too many calls at once, locked for up to two hours"),
        50000 => (Retry, "internal error at GeeLark"),
        _ => return None,
    })
}

/// What `code` means and what to do. It is `None` if GeeLark does not document the code: a gateway may send its own codes in
/// a similar envelope.
pub(super) fn explanation(code: i64) -> Option<String> {
    let (consequence, meaning) = entry(code)?;
    let advice = match consequence {
        GiveUp => "; this is a defect of the exporter, please report it",
        RATE_LIMIT => "; lower budget.requests_per_minute or other use of the account",
        LOCK => "; lower budget.requests_per_minute, budget.max_in_flight or other use of the account",
        _ => "",
    };
    Some(format!("{meaning}{advice}"))
}

/// Whether the outcome of a call opens or blocks the whole account.
///
/// A status call always does. Wallet, plan and list have permissions of their own, so their successes prove nothing about
/// status calls, and their refusals say nothing, except that credentials are refused everywhere. Wallet and plan have limits
/// of their own as well, so of these endpoints only a lock counts.
pub(super) fn concerns_account(endpoint: Endpoint, failure: Option<&Failure>) -> bool {
    match (endpoint, failure) {
        (Endpoint::PhoneStatus, _) => true,
        (_, None) => false,
        (Endpoint::PhoneList, Some(failure)) => {
            failure.consequence() != REFUSAL || matches!(failure.reason, Reason::Code(40003 | 40016))
        }
        (_, Some(failure)) => failure.consequence() == LOCK && matches!(failure.reason, Reason::Code(_)),
    }
}

impl Failure {
    /// What follows from it, if it came from a call about phones.
    pub fn consequence(&self) -> Consequence {
        let bounded = |wait: Duration| Consequence::Block(Some(wait.clamp(MIN_RETRY_AFTER, LOCK_LENGTH)));
        let retry_after = self.retry_after.map(bounded);
        match self.reason {
            Reason::Code(code) => entry(code).map_or(Retry, |(consequence, _)| consequence),
            Reason::Http(401 | 403) => REFUSAL,
            Reason::Http(429) => retry_after.unwrap_or(RATE_LIMIT),
            // Without `Retry-After` the server is down, and a retry shows when it is back.
            Reason::Http(503) => retry_after.unwrap_or(Retry),
            // `Decode` is mostly a page that a gateway shows during a restart.
            Reason::Http(408 | 425 | 500..) | Reason::Timeout | Reason::Connect | Reason::Body | Reason::Decode => {
                Retry
            }
            // A wrong address or certificate stays wrong for longer than a round.
            Reason::Http(_) | Reason::Tls => GiveUp,
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
        let table = [
            (40000, Retry),
            (40001, GiveUp),
            (40002, GiveUp),
            (40003, REFUSAL),
            (40004, Split),
            (40005, REFUSAL),
            (40006, Retry),
            (40007, RATE_LIMIT),
            (40008, GiveUp),
            (40009, Retry),
            (40011, REFUSAL),
            (40012, REFUSAL),
            (40014, LOCK),
            (40015, REFUSAL),
            (40016, REFUSAL),
            (40017, RATE_LIMIT),
            (42001, Split),
            (43004, Split),
            (47002, LOCK),
            (50000, Retry),
        ];
        for (code, consequence) in table {
            assert!(explanation(code).is_some(), "{code}");
            assert_eq!(failure(Reason::Code(code), None).consequence(), consequence, "{code}");
        }
        assert!(explanation(60000).is_none());
        assert_eq!(failure(Reason::Code(60000), None).consequence(), Retry);
        assert_eq!(failure(Reason::Code(-1), None).consequence(), Retry);
    }

    fn limit(seconds: u64) -> Consequence {
        Consequence::Block(Some(Duration::from_secs(seconds)))
    }

    #[test]
    fn a_rate_limit_blocks_for_a_minute_and_a_lock_for_two_hours() {
        for (code, seconds) in [(40007, 60), (40017, 60), (40014, 7200), (47002, 7200)] {
            assert_eq!(
                failure(Reason::Code(code), Some(5)).consequence(),
                limit(seconds),
                "{code}"
            );
        }
    }

    #[test]
    fn a_429_blocks_for_retry_after_within_bounds() {
        for (retry_after, seconds) in [(None, 60), (Some(5), 5), (Some(0), 1), (Some(1_000_000), 7200)] {
            let failure = failure(Reason::Http(429), retry_after);
            assert_eq!(failure.consequence(), limit(seconds), "{retry_after:?}");
        }
    }

    #[test]
    fn a_503_blocks_only_with_retry_after() {
        assert_eq!(failure(Reason::Http(503), Some(30)).consequence(), limit(30));
        assert_eq!(failure(Reason::Http(503), None).consequence(), Retry);
    }

    #[test]
    fn temporary_failures_are_retried_and_permanent_ones_are_not() {
        let table = [
            (Reason::Timeout, Retry),
            (Reason::Connect, Retry),
            (Reason::Body, Retry),
            (Reason::Decode, Retry),
            (Reason::Tls, GiveUp),
            (Reason::Http(302), GiveUp),
            (Reason::Http(400), GiveUp),
            (Reason::Http(401), REFUSAL),
            (Reason::Http(403), REFUSAL),
            (Reason::Http(404), GiveUp),
            (Reason::Http(408), Retry),
            (Reason::Http(429), RATE_LIMIT),
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
    fn of_wallet_and_plan_only_a_lock_concerns_the_account() {
        let concerns = |endpoint, code: Option<i64>| {
            let failure = code.map(|code| failure(Reason::Code(code), None));
            concerns_account(endpoint, failure.as_ref())
        };
        for endpoint in [Endpoint::PayWallet, Endpoint::PayPlanInfo] {
            for code in [None, Some(40007), Some(40003), Some(40015), Some(50000)] {
                assert!(!concerns(endpoint, code), "{code:?}");
                assert!(concerns(Endpoint::PhoneStatus, code), "{code:?}");
            }
            assert!(concerns(endpoint, Some(40014)) && concerns(endpoint, Some(47002)));
        }
    }
}
