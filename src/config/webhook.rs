//! The `webhook` section of an account.

use url::Url;

use super::problem::Diagnostics;
use super::section::Section;
use crate::webhook::{RelayUrl, WebhookSettings};

/// The webhook, if it is on.
pub(super) fn read(account: &Section, diagnostics: &mut Diagnostics) -> Option<WebhookSettings> {
    let section = account.section("webhook", diagnostics);
    let enabled = section.boolean("enabled", diagnostics).unwrap_or(false);
    let relay_to = receiver(&section, diagnostics);
    if relay_to.is_some() && !enabled {
        diagnostics
            .warning(section.problem("has a relay_to but is not enabled, so nothing is handed on; set enabled: true"));
    }
    enabled.then_some(WebhookSettings { relay_to })
}

/// The user's own receiver. Its URL may hold a secret in its path or query, so it is never quoted.
fn receiver(section: &Section, diagnostics: &mut Diagnostics) -> Option<RelayUrl> {
    let field = section.field("relay_to")?;
    let text = field.secret(diagnostics)?;
    let wrong = match Url::parse(&text) {
        Err(error) => format!("is not a URL ({error}); write it like \"https://hooks.example.org/geelark\""),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            "has a scheme that is neither https nor http; write it like \"https://hooks.example.org/geelark\""
                .to_owned()
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "has a user or a password in it, whose header would take the place of GeeLark's own; remove them".to_owned()
        }
        Ok(url) if url.fragment().is_some() => "has a part after \"#\", which is never sent; remove it".to_owned(),
        Ok(url) => {
            if url.scheme() == "http" {
                diagnostics.warning(field.problem(
                    "is an http URL, so GeeLark's authentication is handed on in clear; use https unless it never leaves this machine",
                ));
            }
            return Some(RelayUrl::from(url));
        }
    };
    diagnostics.problem(field.problem(wrong));
    None
}
