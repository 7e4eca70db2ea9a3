//! Warm restart: what is known and blocked, kept in a folder from one process to the next.
//!
//! [`State`] is what is kept, [`encode`] and [`decode`] are the file, [`Store`] is the folder. Times in a state are the
//! wall clock's; restoring bounds them (see [`ElapsedSinceSave`](geelark_client::clock::ElapsedSinceSave)).
//!
//! Invariants:
//! - the file is replaced as a whole: whenever the process or the machine stops, the folder holds the old one or the new
//!   one;
//! - a file that is damaged, foreign or newer costs the saved state, never the start, and is set aside;
//! - a folder belongs to one exporter at a time;
//! - no secret is written.

mod file;
mod rows;
mod saved;
mod store;
#[cfg(test)]
mod tests;

pub use file::{Damage, decode, encode};
pub use saved::{AccountState, State};
pub use store::{Store, StoreError};
