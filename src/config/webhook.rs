//! The `webhook` section of an account.

use config_file::Section;
use url::Url;

use super::raw;
use crate::webhook::{RelayUrl, WebhookSettings};

/// The webhook, if it is enabled.
pub(super) fn read(raw: &raw::Webhook, section: &Section<'_>) -> Option<WebhookSettings> {
    let enabled = section.boolean("enabled", &raw.enabled).unwrap_or(false);
    let relay_to = section.value("relay_to", &raw.relay_to, relay_url);
    if let Some(url) = &relay_to
        && url.scheme() == "http"
    {
        section.warn(
            "relay_to",
            "is an http URL, so GeeLark's authentication is sent unencrypted; use https unless it never leaves this machine",
        );
    }
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

/// The URL of the user's own receiver. Its path or query may be a secret, so no sentence contains it.
fn relay_url(text: &str) -> Result<Url, String> {
    const EXAMPLE: &str = "https://hooks.example.org/geelark";
    let url = Url::parse(text).map_err(|error| format!("is not a URL ({error}); write it like \"{EXAMPLE}\""))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!(
            "has a scheme that is neither https nor http; write it like \"{EXAMPLE}\""
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("has a user or a password in it, whose header would replace GeeLark's own; remove them".to_owned());
    }
    if url.fragment().is_some() {
        return Err("has a part after \"#\", which is never sent; remove it".to_owned());
    }
    Ok(url)
}
