//! URLs that get requests with a credential.

use config_file::{Section, quoted};
use url::Url;

/// An http or https URL. No sentence contains a URL that is a secret or that may have a password in it.
pub(super) fn read(
    section: &Section<'_>,
    key: &str,
    value: &Option<String>,
    example: &str,
    is_secret: bool,
) -> Option<Url> {
    let url = section.value(key, value, |text| {
        let is = if is_secret || text.contains(['@', '?', '#']) {
            "is".to_owned()
        } else {
            format!("is {}, which is", quoted(text))
        };
        let url = Url::parse(text).map_err(|error| format!("{is} not a URL ({error}); write it like \"{example}\""))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("{is} neither https nor http; write it like \"{example}\""));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("has a user or a password in it, which GeeLark does not use; remove them".to_owned());
        }
        if url.fragment().is_some() {
            return Err("has a part after \"#\", which is never sent; remove it".to_owned());
        }
        Ok(url)
    })?;
    if url.scheme() == "http" {
        let advice = "use https unless it never leaves this machine";
        section.warn(
            key,
            format!("is an http URL, so the credential is sent unencrypted; {advice}"),
        );
    }
    Some(url)
}
