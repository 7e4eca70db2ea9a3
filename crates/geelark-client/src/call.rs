//! What became of a call, in words a caller can branch on.

use std::fmt;
use std::time::{Duration, Instant};

use uuid::Uuid;

/// The endpoints this exporter calls; the `endpoint` label of its metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `/open/v1/phone/status`
    PhoneStatus,
    /// `/open/v1/phone/list`
    PhoneList,
    /// `/open/v1/pay/wallet`
    PayWallet,
    /// `/open/v1/pay/plan/info`
    PayPlanInfo,
}

impl Endpoint {
    /// Every endpoint, so that each has its series from the start.
    pub const ALL: &[Self] = &[Self::PhoneStatus, Self::PhoneList, Self::PayWallet, Self::PayPlanInfo];

    /// The path below the base URL.
    pub fn path(self) -> &'static str {
        match self {
            Self::PhoneStatus => "/open/v1/phone/status",
            Self::PhoneList => "/open/v1/phone/list",
            Self::PayWallet => "/open/v1/pay/wallet",
            Self::PayPlanInfo => "/open/v1/pay/plan/info",
        }
    }

    /// The value of the `endpoint` label: the path's last words.
    pub fn label(self) -> &'static str {
        match self {
            Self::PhoneStatus => "phone_status",
            Self::PhoneList => "phone_list",
            Self::PayWallet => "pay_wallet",
            Self::PayPlanInfo => "pay_plan_info",
        }
    }
}

/// A call that was made, and what came of it.
#[derive(Debug)]
pub struct Call<T> {
    /// What was called.
    pub endpoint: Endpoint,
    /// The `traceId` sent with it: GeeLark's support asks for it.
    pub trace_id: Uuid,
    /// From sending to the complete answer, or to giving up. Waiting for the budget is not part of it.
    pub elapsed: Duration,
    /// What GeeLark answered.
    pub outcome: Result<T, Failure>,
}

/// The account is closed for calls, so none was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// When it opens.
    pub until: Instant,
}

/// Why a call brought no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind, as the `reason` label has it.
    pub reason: Reason,
    /// A sentence for the log: what GeeLark or the network said. Never a secret.
    pub message: String,
    /// What a `Retry-After` header asked for.
    pub retry_after: Option<Duration>,
}

/// The `reason` label of `geelark_api_request_failures_total`. Displays as the label value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// GeeLark's envelope had this code.
    Code(i64),
    /// An HTTP status other than 2xx.
    Http(u16),
    /// No complete answer in time.
    Timeout,
    /// No connection (refused, unreachable, name not resolved), or it broke before an answer began.
    Connect,
    /// TLS could not be agreed on, or the certificate is not trusted.
    Tls,
    /// The answer broke off, or was larger than a truthful one can be.
    Body,
    /// The answer is not what the API's documentation describes.
    Decode,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "{code}"),
            Self::Http(status) => write!(f, "http_{status}"),
            Self::Timeout => f.write_str("timeout"),
            Self::Connect => f.write_str("connect"),
            Self::Tls => f.write_str("tls"),
            Self::Body => f.write_str("body"),
            Self::Decode => f.write_str("decode"),
        }
    }
}

/// What follows from a failure, for whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// It may pass by itself: try the same again, backing off.
    Retry,
    /// The request is refused as invalid (40004): for a batch, one bad id is enough.
    Split,
    /// The account is closed for calls for a while; the client enforces it, so nothing is to be tried until then.
    Block,
    /// Trying again at once is pointless; the next round will see.
    GiveUp,
}
