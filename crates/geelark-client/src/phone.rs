//! Types that describe one phone. They are used throughout the workspace.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The largest number of ids in a status call, as GeeLark documents for `/open/v1/phone/status`.
pub const BATCH_SIZE: usize = 100;

/// GeeLark's identifier of a cloud phone: an opaque string, usually of 18 digits.
///
/// A clone shares the allocation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

/// How a phone is paid for. A number that GeeLark does not document is kept as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChargeMode(pub i64);

impl ChargeMode {
    /// Each minute that the phone runs is charged.
    pub const PER_MINUTE: Self = Self(0);
    /// The phone has a monthly subscription.
    pub const MONTHLY: Self = Self(1);

    /// The mode as configuration, metrics and tables write it: a word, or the number of an undocumented mode.
    pub fn label(self) -> Cow<'static, str> {
        match self {
            Self::PER_MINUTE => "per_minute".into(),
            Self::MONTHLY => "monthly".into(),
            Self(code) => code.to_string().into(),
        }
    }
}

/// The status of a phone (`successDetails[].status`). A number that GeeLark does not document is kept as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Status(pub i64);

impl Status {
    /// The phone runs. With a per-minute plan, this time is charged.
    pub const STARTED: Self = Self(0);
    /// The phone boots.
    pub const STARTING: Self = Self(1);
    /// The phone is off.
    pub const SHUT_DOWN: Self = Self(2);
    /// The rental of the phone has ended.
    pub const EXPIRED: Self = Self(3);

    /// The status as metrics and tables write it: a word, or the number of an undocumented status.
    pub fn label(self) -> Cow<'static, str> {
        match self {
            Self::STARTED => "started".into(),
            Self::STARTING => "starting".into(),
            Self::SHUT_DOWN => "shut_down".into(),
            Self::EXPIRED => "expired".into(),
            Self(code) => code.to_string().into(),
        }
    }
}
