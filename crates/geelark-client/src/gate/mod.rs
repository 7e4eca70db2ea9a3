//! Whether an account may be called at all.
//!
//! Always true: a block only ever ends later than it was going to, never sooner. A success of a call that was already
//! under way when the account was blocked proves nothing and unblocks nothing.

#[expect(clippy::module_inception, reason = "the room is named after what it holds")]
mod gate;
mod snapshot;

pub use gate::Gate;
pub use snapshot::GateSnapshot;
