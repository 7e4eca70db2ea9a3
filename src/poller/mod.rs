//! When to call: one task an account, rounds that never overlap, calls spread over each round.
//!
//! The poller is the only writer of its account's [`Fleet`](crate::fleet::Fleet), and shows every batch that a response
//! changed. Budget and locks are kept by the client, whoever calls. The main loop is [`Poller::run`].
//!
//! Invariants:
//! - a round requests each batch once, retries and the search for an invalid id aside;
//! - no retry is scheduled after the next round is due;
//! - requests outside of rounds spend only what the rounds leave of the budget;
//! - a block of the account ends the round at once, and the next one begins when the block ends.

mod call_queue;
mod hints;
mod metrics;
mod parts;
mod poll_log;
#[expect(clippy::module_inception, reason = "the room is named after what it holds")]
mod poller;
mod responses;
mod round;
mod schedule;
mod snapshot_cell;
mod spare_budget;
#[cfg(test)]
mod tests;

pub use hints::Hints;
pub use metrics::{LastRound, PollMetrics, RoundStatus};
pub use parts::{Parts, PollSettings};
pub use poller::Poller;
pub use schedule::{effective_interval, effective_stale_after};
pub use snapshot_cell::SnapshotCell;
