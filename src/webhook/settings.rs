//! What the configuration says about webhooks.

use std::fmt;

use url::Url;

/// The `webhook` section of an account that has it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Where requests are passed on to.
    pub relay_to: Option<RelayUrl>,
}

/// The URL of the user's own receiver. `Debug` shows only its origin, since path and query may hold a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct RelayUrl(Url);

impl RelayUrl {
    /// The whole URL, for the one place that sends to it.
    pub fn expose(&self) -> &Url {
        &self.0
    }
}

impl From<Url> for RelayUrl {
    fn from(url: Url) -> Self {
        Self(url)
    }
}

impl fmt::Debug for RelayUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}
