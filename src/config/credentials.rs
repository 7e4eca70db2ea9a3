//! One way to authenticate per account, and the secrets for it.

use std::path::PathBuf;

use config_file::Section;
use geelark_client::{Credentials, Secret};

use super::limits;
use super::raw::RawAccount;

/// The account's credentials; `None` if problems were reported.
pub(super) fn read(raw: &RawAccount, section: &Section<'_>) -> Option<Credentials> {
    let token = secret(section, ("token", &raw.token), ("token_file", &raw.token_file));
    let api_key = secret(section, ("api_key", &raw.api_key), ("api_key_file", &raw.api_key_file));
    let app_id = section.value("app_id", &raw.app_id, usable);

    let has_key = raw.api_key.is_some() || raw.api_key_file.is_some();
    let ways = [
        (raw.token.is_some(), "token"),
        (raw.token_file.is_some(), "token_file"),
        (raw.app_id.is_some() || has_key, "app_id and api_key"),
    ];
    let ways: Vec<_> = ways.iter().filter_map(|(given, way)| given.then_some(*way)).collect();
    if ways.is_empty() {
        let advice = "give it a token, a token_file, or an app_id with an api_key or api_key_file";
        section.report("", format!("has no way to authenticate; {advice}"));
    } else if ways.len() > 1 {
        let ways = ways.join(", ");
        section.report("", format!("has more than one way to authenticate ({ways}); keep one"));
    }
    if raw.api_key.is_some() && raw.api_key_file.is_some() {
        section.report("api_key", "is beside api_key_file; keep one of them");
    }
    if raw.app_id.is_some() && !has_key {
        section.report("app_id", "is half a key pair; add its api_key or api_key_file");
    }
    if raw.app_id.is_none() && has_key {
        let key = raw.api_key.as_ref().map_or("api_key_file", |_| "api_key");
        section.report(key, "is half a key pair; add its app_id");
    }
    match (token, app_id, api_key) {
        (Some(token), ..) => Some(Credentials::Token(token)),
        (None, Some(app_id), Some(api_key)) => Some(Credentials::Key {
            app_id: app_id.expose().to_owned(),
            api_key,
        }),
        _ => None,
    }
}

/// A secret in the configuration or in a file that it names.
fn secret(section: &Section<'_>, inline: (&str, &Option<String>), file: (&str, &Option<String>)) -> Option<Secret> {
    let inline = section.value(inline.0, inline.1, usable);
    let path = section.path(file.0, file.1, "file");
    let from_file = |path: PathBuf| section.text_file(file.0, &path, limits::SECRET_FILE_BYTES, usable);
    inline.or(path.and_then(from_file))
}

/// What can be sent in a header. Only line breaks at the end are forgiven, since editors add them.
fn usable(text: &str) -> Result<Secret, String> {
    let text = text.trim_end_matches(['\r', '\n']);
    if text.trim().is_empty() {
        return Err("is empty; put the credential there".to_owned());
    }
    if text.contains(['\r', '\n']) {
        return Err("has a line break inside; put the credential on one line, and nothing else".to_owned());
    }
    if text.starts_with("Bearer ") {
        return Err("begins with \"Bearer \"; leave that word out".to_owned());
    }
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text.to_owned().into());
    }
    let wrong = "has a blank or a character that no HTTP header can carry";
    Err(format!("{wrong}; put the credential there and nothing else"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_at_the_end_are_no_part_of_a_secret() {
        for text in ["tok", "tok\n", "tok\r\n", "tok\n\n"] {
            assert_eq!(usable(text).unwrap().expose(), "tok");
        }
    }

    #[test]
    fn what_no_header_can_carry_is_no_secret() {
        for text in [
            "", "\n", "  ", "a\nb", "a\r\nb\n", "a b", " a", "a ", "a\tb", "a\u{0}", "é", "\u{7f}", "Bearer a",
        ] {
            assert!(usable(text).is_err(), "{text:?}");
        }
    }
}
