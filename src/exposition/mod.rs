//! What Prometheus reads: every metric declared once, and scrapes put together from pieces that are ready.
//!
//! GeeLark answers a batch at a time, so text is rendered and compressed a batch at a time: a [`Section`] holds an
//! account's batches, each in a slot of its own, and [`Section::post`] replaces one slot. Per family of phone series a slot
//! keeps a *piece*: the batch's lines of that family, deflated, ending on a byte, with their CRC-32. A gzip scrape is a
//! concatenation of pieces and never compresses the fleet; a plain scrape renders the same views a chunk at a time, which
//! costs little and saves keeping the text. What most of every line consists of, how a phone is named, is spelt out once.
//!
//! Always true:
//! - a scrape reads every slot once, so a batch is wholly before or wholly after its answer, in every family and in
//!   `geelark_phones`;
//! - gzip and plain say the same: a piece is the deflated form of what the families render from the view beside it;
//! - [`Scrape::len`] is the exact length of the body, known before its first byte;
//! - a metric that is shown is in [`catalog()`], and the other way round.

mod board;
mod catalog;
mod checksum;
mod declared;
mod discovery;
mod families;
mod metrics;
mod money;
mod names;
mod pieces;
mod press;
mod reasons;
mod scrape;
#[cfg(test)]
mod tests;
mod text;
mod webhook;

pub use board::{Board, Section};
pub use catalog::{Kind, MetricInfo, catalog};
pub use discovery::DiscoveryMetrics;
pub use metrics::{AccountMetrics, BuildInfo, Metrics};
pub use money::Vouched;
pub use scrape::{Encoding, Scrape};
pub use webhook::WebhookMetrics;
