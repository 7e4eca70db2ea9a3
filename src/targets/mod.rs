//! Which phones to watch: those that are configured, and those that discovery finds.
//!
//! GeeLark lists phones by page number only. When a phone is removed while pages are read, the following phones move up,
//! and one of them moves from a page that is still to be read to a page that was read already. The reading misses it.
//! So one reading of several pages is not enough:
//!
//! - A page must hold as many phones as its own total says; otherwise the list is *short* and is not used. A single
//!   page shows one instant.
//! - A list of several pages is confirmed when two readings in a row have the same phones, and nothing moved during the
//!   second: every page had the same total, and no phone came twice. If the first reading missed a phone, it had read
//!   another phone that was removed, and the second reading lacks that one.
//! - Until then every phone of the last two readings is watched. New phones are watched at once, and a phone is dropped
//!   only when two readings miss it.
//! - An empty list in place of phones needs a second reading as well.
//!
//! Invariants:
//! - targets have each id once, first the configured ids in their order, then the others in the order of ids;
//! - a configured id is always a target, unless an earlier account lists it;
//! - a list that fails or is short leaves the targets as they were.

mod details;
mod discovery;
mod list_reader;
mod listed_phones;
mod lists;
mod metrics;
mod ownership;
mod settings;
#[cfg(test)]
mod tests;

pub use discovery::{Discovery, without_discovery};
pub use list_reader::ListError;
pub use lists::list_phones;
pub use metrics::{DiscoveryMetrics, DiscoveryStatus, DiscoverySummary};
pub use ownership::{Ownership, OwnershipHandle};
pub use settings::{DiscoverySettings, PhoneFilter, Shard};
