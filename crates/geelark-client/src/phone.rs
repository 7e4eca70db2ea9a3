//! The words of the domain. Every room speaks them; none of them knows HTTP, Prometheus or a clock.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::sync::Arc;

/// How many ids one status call may carry, by GeeLark's documentation of `/open/v1/phone/status`.
pub const BATCH_SIZE: usize = 100;

/// GeeLark's identifier of a cloud phone: an opaque string of digits or letters.
///
/// Cloning is cheap: the roster, the fleet and the exposition share one allocation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneId(Arc<str>);

impl PhoneId {
    /// The id as GeeLark writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for PhoneId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

impl Borrow<str> for PhoneId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PhoneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PhoneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// How a phone is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChargeMode {
    /// 0: every minute it runs costs.
    PerMinute,
    /// 1: a monthly subscription.
    Monthly,
    /// A number GeeLark's documentation does not list.
    Other(i64),
}

impl ChargeMode {
    /// The mode that GeeLark means by `code`.
    pub fn from_code(code: i64) -> Self {
        match code {
            0 => Self::PerMinute,
            1 => Self::Monthly,
            other => Self::Other(other),
        }
    }

    /// GeeLark's number for this mode.
    pub fn code(self) -> i64 {
        match self {
            Self::PerMinute => 0,
            Self::Monthly => 1,
            Self::Other(code) => code,
        }
    }

    /// The mode as configuration, metrics and tables write it: a word, or the number that has none.
    pub fn label(self) -> Cow<'static, str> {
        match self {
            Self::PerMinute => "per_minute".into(),
            Self::Monthly => "monthly".into(),
            Self::Other(code) => code.to_string().into(),
        }
    }
}

/// What GeeLark says a phone is doing (`successDetails[].status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// 0: running, and on a per-minute plan billed for it.
    Started,
    /// 1: booting.
    Starting,
    /// 2: shut down.
    ShutDown,
    /// 3: the rental is over.
    Expired,
    /// A number GeeLark's documentation does not list; it is passed through, never dropped.
    Other(i64),
}

impl Status {
    /// The status that GeeLark means by `code`.
    pub fn from_code(code: i64) -> Self {
        match code {
            0 => Self::Started,
            1 => Self::Starting,
            2 => Self::ShutDown,
            3 => Self::Expired,
            other => Self::Other(other),
        }
    }

    /// The status in a word, as metrics and tables write it, or the number that has none.
    pub fn label(self) -> Cow<'static, str> {
        match self {
            Self::Started => "started".into(),
            Self::Starting => "starting".into(),
            Self::ShutDown => "shut_down".into(),
            Self::Expired => "expired".into(),
            Self::Other(code) => code.to_string().into(),
        }
    }

    /// GeeLark's number for this status.
    pub fn code(self) -> i64 {
        match self {
            Self::Started => 0,
            Self::Starting => 1,
            Self::ShutDown => 2,
            Self::Expired => 3,
            Self::Other(code) => code,
        }
    }
}

/// One answer of the status endpoint, as far as it concerns phones.
///
/// It is what GeeLark said, not yet what is believed: ids may be repeated, missing, or nobody's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusResponse {
    /// Phones whose status was given, in GeeLark's order.
    pub found: Vec<FoundPhone>,
    /// Phones about which GeeLark said something else than a status.
    pub failed: Vec<FailedPhone>,
}

/// One phone of an answer's `successDetails`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPhone {
    /// The id GeeLark answered for.
    pub id: String,
    /// `serialName`, the free text a person gave the phone; `None` where the field was missing or null.
    pub name: Option<String>,
    /// The status given.
    pub status: Status,
}

/// One phone of an answer's `failDetails`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedPhone {
    /// The id GeeLark answered for.
    pub id: String,
    /// Why there is no status.
    pub reason: FailReason,
}

/// What GeeLark says of a phone instead of its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailReason {
    /// 42001: there is no such phone.
    NotFound,
    /// 43004: the phone has expired; as good as status 3.
    Expired,
    /// Any other code: nothing is learnt about the phone.
    Other(i64),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_survives_the_round_trip() {
        for code in [-1, 0, 1, 2, 3, 4, i64::MAX] {
            assert_eq!(Status::from_code(code).code(), code);
            assert_eq!(ChargeMode::from_code(code).code(), code);
        }
    }
}
