//! The `webhook` section of an account.

use config_file::Section;

use super::http_url;
use super::raw::RawWebhook;
use crate::webhook::{RelayUrl, WebhookSettings};

/// The webhook, if it is enabled.
pub(super) fn read(raw: &RawWebhook, section: &Section<'_>) -> Option<WebhookSettings> {
    let enabled = section.boolean("enabled", &raw.enabled).unwrap_or(false);
    let relay_to = http_url::read(
        section,
        "relay_to",
        &raw.relay_to,
        "https://hooks.example.org/geelark",
        true,
    );
    if relay_to.is_some() && !enabled {
        section.warn(
            "",
            "has a relay_to but is not enabled, so nothing is relayed; set enabled: true",
        );
    }
    enabled.then_some(WebhookSettings {
        relay_to: relay_to.map(RelayUrl::from),
    })
}
