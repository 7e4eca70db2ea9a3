//! One account's webhook: GeeLark reports changes early, and the poller asks about them before the next round.
//!
//! A webhook is a hint. It is verified by its headers, read for the phones it is about and nothing else, and passed on to
//! the user's own receiver. What is shown comes from the poller's own calls, so a flood, a lie or a loss of webhooks
//! changes when phones are requested, never what is shown.

mod endpoint;
mod metrics;
mod relay;
mod settings;
#[cfg(test)]
mod tests;
#[expect(clippy::module_inception, reason = "the room is named after what it holds")]
mod webhook;

pub use endpoint::routes;
pub use metrics::WebhookMetrics;
pub use relay::RelayClient;
pub use settings::{RelayUrl, WebhookSettings};
pub use webhook::{Listeners, Webhook};
