//! When to call: one task an account, rounds that never overlap, calls spread over each round.
//!
//! The poller applies responses to the account's [`Fleet`](crate::fleet::Fleet) and publishes every batch that changed. The
//! client enforces budget and locks. The main loop is [`Poller::run`].
//!
//! Invariants:
//! - a round requests each batch once; retries and the search for an invalid id come in addition;
//! - no retry is scheduled after the next round is due;
//! - requests outside of rounds use only the calls that the rounds leave over;
//! - a block of the account ends the round at once, and the next one begins when the block ends.
//!
//! | file | owns |
//! |---|---|
//! | `poller` | the main loop: rounds, calls outside of rounds, targets, time |
//! | `round` | the calls of one round that are still to be made |
//! | `responses` | what follows from the end of a call |
//! | `schedule` | how often to call |
//! | `shared_fleet` | the fleet, shared with the webhook and the state file |
//! | `poll_log` | what is logged |
//! | `metrics` | what is shown of polling |

mod metrics;
mod parts;
mod poll_log;
#[expect(clippy::module_inception, reason = "the room is named after what it holds")]
mod poller;
mod responses;
mod round;
mod schedule;
mod shared_fleet;
#[cfg(test)]
mod tests;

pub use metrics::{LastRound, PollMetrics, RoundStatus};
pub use parts::Parts;
pub use poller::Poller;
pub use schedule::{PollSettings, ROUNDS_UNTIL_STALE};
pub use shared_fleet::SharedFleet;
