//! Which phones are to be watched: those that are configured, and those that discovery finds.
//!
//! GeeLark lists phones by page number only. A phone that goes while the pages are read moves the ones behind it up, and
//! one of them slips from a page that is still to be read onto one that was read already: it is passed over although it was
//! there all the time. So a list of several pages proves nothing by itself, and this is how it is believed:
//!
//! - A page is read only if it holds as many phones as its own total says; otherwise the list is *short* and nothing of it
//!   counts. One page is of one instant.
//! - A list of several pages is believed when two readings in a row have the same phones. Whoever was passed over in the first
//!   was so because another had been read and then went, and that one is missing from the second: they differ.
//! - Until then a phone is watched that one of the last two readings had. New ones are there at once, and one that is missing
//!   is gone only when it is missing twice.
//! - An empty list in place of phones is believed when a second reading confirms it.
//!
//! Always true:
//! - a targets has each id once, first the configured ids in their order, then the others in the order of ids;
//! - a configured id is on the targets whatever discovery says, unless another account has it;
//! - a list that fails or is short leaves the targets as it was.

mod book;
mod details;
mod discovery;
mod discovery_log;
mod fixed;
mod list_phones;
mod listed_phones;
mod metrics;
mod ownership;
mod reader;
#[cfg(test)]
mod tests;

pub(crate) use discovery::Discovery;
pub use fixed::Fixed;
pub use list_phones::list_phones;
pub use metrics::DiscoverySummary;
pub(crate) use metrics::{DiscoveryMetrics, DiscoveryStatus};
pub use ownership::{Ownership, OwnershipHandle, Settled};
pub use reader::ListError;
