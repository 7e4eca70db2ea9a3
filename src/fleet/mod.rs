//! What is known of one account's phones, and how a response changes it.
//!
//! Pure state: no async, no HTTP, no Prometheus; time is an argument. The account's poller applies responses to the
//! [`Fleet`]. The exposition gets [`BatchView`]s, which are immutable and replaced as a whole, so that no scrape shows half
//! a response.
//!
//! Invariants:
//! - every target is in exactly one batch, once, and there are as few batches as possible;
//! - a status is shown ([`Phone::shown`]) only if it was confirmed within `stale_after`;
//! - a response changes only phones that were requested.
//!
//! | file | owns |
//! |---|---|
//! | `fleet` | the batches, and where each phone is |
//! | `batch` | the phones of one batch: what is shown, and what is tracked in addition |
//! | `attention` | which phones are requested outside of rounds |
//! | `phone` | what is shown of a phone |
//! | `status_counts` | how many phones have each status |
//! | `target` | what the other rooms say of a phone: its id, and what discovery found |

mod attention;
mod batch;
#[expect(clippy::module_inception, reason = "the room is named after what it holds")]
mod fleet;
mod phone;
mod status_counts;
mod target;
#[cfg(test)]
mod tests;

pub use fleet::{AnswerAnomalies, AppliedResponse, Fleet, RoundRequests};
pub use phone::{BatchView, Freshness, ObservedStatus, Phone};
pub use status_counts::StatusCounts;
pub use target::{PhoneDetails, Target};
