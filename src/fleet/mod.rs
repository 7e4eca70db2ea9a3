//! What is known of one account's phones, and how a response changes it.
//!
//! Pure state: no async, no HTTP, no Prometheus; time is an argument. The account's poller owns the [`Fleet`]. Others see
//! [`BatchView`]s, which are immutable and replaced as a whole, so that nobody sees half a response.
//!
//! Invariants:
//! - every target is in exactly one batch, once, and there are as few batches as possible;
//! - a status is shown ([`Phone::shown`]) only if it was confirmed within `stale_after`;
//! - a response changes only phones that were requested.

mod batch;
#[expect(clippy::module_inception, reason = "the room is named after what it holds")]
mod fleet;
mod request;
mod snapshot;
mod target;
#[cfg(test)]
mod tests;
mod update;
mod view;

pub use batch::{INVALID_ID_RETRY, TRANSIENT_FOR};
pub use fleet::{AppliedResponse, Fleet, Rejection, TargetChanges};
pub use request::{BatchRequests, StatusRequest};
pub use snapshot::Snapshot;
pub use target::{PhoneDetails, Target};
pub use update::AnswerAnomalies;
pub use view::{BatchView, Freshness, ObservedStatus, Phone, StatusCounts};
