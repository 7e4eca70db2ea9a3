//! Warm restart: what is known, spent and locked, kept in a folder from one process to the next.
//!
//! [`State`] is what is kept, [`encode`] and [`decode`] are the file, [`Store`] is the folder. Times in a memory are the
//! wall clock's; whoever restores from them bounds them (see [`ElapsedSinceSave`](geelark_client::clock::ElapsedSinceSave)).
//!
//! Always true:
//! - the file is replaced whole: whenever the process or the machine stops, the folder holds the old one or the new one;
//! - a file that is damaged, foreign or newer costs the memory, never the start, and is set aside;
//! - that a process ended cleanly is believed once, and only if that it did can be taken back;
//! - a folder belongs to one exporter at a time;
//! - no secret is written.

mod damage;
mod file;
mod memory;
mod rows;
mod store;
#[cfg(test)]
mod tests;

pub use damage::Damage;
pub use file::{decode, encode};
pub use memory::{Account, Expiring, State};
pub use store::{InUse, Recall, Store, Trouble};
