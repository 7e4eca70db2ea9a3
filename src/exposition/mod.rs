//! What Prometheus reads: a scrape is assembled from blocks that were rendered before.
//!
//! GeeLark answers a batch at a time, so text is rendered and compressed a batch at a time. An [`AccountStore`] holds the
//! batches of one account, and [`AccountStore::update_batch`] replaces one of them. For each family of phone series a
//! batch keeps its lines, deflated, ending on a byte boundary, with their CRC-32. A gzip scrape concatenates these blocks
//! and never compresses the fleet. A plain scrape renders the same views chunk by chunk, which is cheap and needs no copy
//! of the text.
//!
//! Invariants:
//! - a scrape loads every batch once, so it shows each batch entirely before or entirely after a response, in every family
//!   and in `geelark_phones`;
//! - gzip and plain have the same text;
//! - [`Scrape::len`] is the exact length of the body, known before its first byte;
//! - every metric that is shown is in [`MetricsStore::definitions`], and the reverse.

mod block;
mod checksum;
mod families;
mod label_prefixes;
mod metrics_store;
mod rendered_batch;
mod scrape;
#[cfg(test)]
mod tests;
mod text;

pub use metrics_store::{AccountStore, MetricsStore};
pub use scrape::{Encoding, Scrape};
