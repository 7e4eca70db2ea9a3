//! A call: its endpoint, its outcome, and what a failure means.

use std::time::{Duration, Instant};

use uuid::Uuid;

/// The endpoints that the client calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "`path` documents each")]
pub enum Endpoint {
    PhoneStatus,
    PhoneList,
    PayWallet,
    PayPlanInfo,
}

impl Endpoint {
    /// All endpoints.
    pub const ALL: &[Self] = &[Self::PhoneStatus, Self::PhoneList, Self::PayWallet, Self::PayPlanInfo];

    /// The path below the base URL.
    pub fn path(self) -> &'static str {
        self.describe().0
    }

    /// The value of the `endpoint` label: the last words of the path.
    pub fn label(self) -> &'static str {
        self.describe().1
    }

    /// The largest response that is read, in bytes after decompression.
    pub fn max_response(self) -> usize {
        self.describe().2
    }

    fn describe(self) -> (&'static str, &'static str, usize) {
        match self {
            // Ten times a hundred entries with the longest names.
            Self::PhoneStatus => ("/open/v1/phone/status", "phone_status", 1024 * 1024),
            // 40 KB for each phone, of which one or two are used.
            Self::PhoneList => ("/open/v1/phone/list", "phone_list", 4 * 1024 * 1024),
            Self::PayWallet => ("/open/v1/pay/wallet", "pay_wallet", 16 * 1024),
            Self::PayPlanInfo => ("/open/v1/pay/plan/info", "pay_plan_info", 16 * 1024),
        }
    }
}

/// A call that was made.
#[derive(Debug)]
pub struct Call<T> {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The `traceId` that was sent. GeeLark's support asks for it.
    pub trace_id: Uuid,
    /// The time from sending to the complete response or the failure. Waiting for the budget is not included.
    pub elapsed: Duration,
    /// The response.
    pub outcome: Result<T, Failure>,
}

/// The account is blocked, so no call was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// When the block ends.
    pub until: Instant,
}

/// Why a call brought no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind of failure.
    pub reason: Reason,
    /// A sentence for the log: what GeeLark or the network said. It contains no secret.
    pub message: String,
    /// The wait that a `Retry-After` header asked for.
    pub retry_after: Option<Duration>,
}

impl Failure {
    pub(super) fn new(reason: Reason, message: String) -> Self {
        Self {
            reason,
            message,
            retry_after: None,
        }
    }
}

/// The kind of a failure. `Display` writes the value of the `reason` label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Reason {
    /// GeeLark's envelope had this code.
    #[error("{0}")]
    Code(i64),
    /// An HTTP status other than 2xx.
    #[error("http_{0}")]
    Http(u16),
    /// No complete response in time.
    #[error("timeout")]
    Timeout,
    /// No connection (refused, unreachable, name not resolved), or it broke before a response began.
    #[error("connect")]
    Connect,
    /// The TLS handshake failed, or the certificate is not trusted.
    #[error("tls")]
    Tls,
    /// The response broke off, or was larger than a valid one can be.
    #[error("body")]
    Body,
    /// The response is not what GeeLark documents.
    #[error("decode")]
    Decode,
}

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// The failure may be temporary: the same request can be sent again after a pause.
    Retry,
    /// The request was rejected: a part of it may be accepted. In a batch, one invalid id is enough for this.
    Split,
    /// The account must not be called, which the client enforces: for this time, or with a growing back-off until a person
    /// changes something.
    Block(Option<Duration>),
    /// Sending the same request again soon is pointless.
    GiveUp,
}
