//! What Prometheus reads: every metric definitions once, and scrapes put together from deflated_families that are ready.
//!
//! GeeLark answers a batch at a time, so text is rendered and compressed a batch at a time: a [`AccountStore`] holds an
//! account's batches, each in a slot of its own, and [`AccountStore::update_batch`] replaces one slot. Per family of phone series a slot
//! keeps a *piece*: the batch's lines of that family, deflated, ending on a byte, with their CRC-32. A gzip scrape is a
//! concatenation of deflated_families and never compresses the fleet; a plain scrape renders the same views a chunk at a time, which
//! costs little and saves keeping the text. What most of every line consists of, how a phone is named, is spelt out once.
//!
//! Always true:
//! - a scrape reads every slot once, so a batch is wholly before or wholly after its answer, in every family and in
//!   `geelark_phones`;
//! - gzip and plain say the same: a piece is the deflated form of what the families render from the view beside it;
//! - [`Scrape::len`] is the exact length of the body, known before its first byte;
//! - a metric that is shown is in [`catalog()`], and the other way round.

mod catalog;
mod checksum;
mod definitions;
mod deflated_families;
mod deflater;
mod discovery;
mod families;
mod metrics;
mod metrics_store;
mod money;
mod names;
mod reasons;
mod scrape;
#[cfg(test)]
mod tests;
mod text;
mod webhook;

pub use catalog::{Kind, MetricInfo, catalog};
pub use discovery::DiscoveryMetrics;
pub use metrics::{AccountMetrics, BuildInfo, Metrics};
pub use metrics_store::{AccountStore, MetricsStore};
pub use money::Expiring;
pub use scrape::{Encoding, Scrape};
pub use webhook::WebhookMetrics;
