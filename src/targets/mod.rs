//! Which phones to watch: those that are configured, and those that discovery finds.
//!
//! GeeLark lists phones by page number only. A phone that is removed while pages are read moves the following ones up, and
//! one of them moves from a page that is still to be read to one that was read already: it is missed although it exists.
//! So a list of several pages proves nothing by itself:
//!
//! - A page must hold as many phones as its own total says; otherwise the list is *short* and none of it counts. A single
//!   page is of one instant.
//! - A list of several pages is believed when two readings in a row have the same phones. If the first reading missed a
//!   phone, then another phone had been read and was removed, and that one is missing in the second reading.
//! - Until then a phone is watched that one of the last two readings had. New phones are watched at once, and a phone is
//!   dropped only when two readings miss it.
//! - An empty list in place of phones is believed when a second reading confirms it.
//!
//! Invariants:
//! - targets have each id once, first the configured ids in their order, then the others in the order of ids;
//! - a configured id is a target whatever discovery finds, unless an earlier account has it;
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
pub use ownership::{OwnTargets, Ownership, OwnershipHandle};
pub use settings::{DiscoverySettings, PhoneFilter, Shard};
