//! One way to authenticate per account, and the secrets that takes.

use super::field::Field;
use super::files;
use super::limits;
use super::problem::{Diagnostics, quoted};
use super::section::Section;
use geelark_client::Credentials;
use geelark_client::Secret;

/// The keys of an account that concern its credentials.
struct Given<'v> {
    token: Option<Field<'v>>,
    token_file: Option<Field<'v>>,
    app_id: Option<Field<'v>>,
    api_key: Option<Field<'v>>,
    api_key_file: Option<Field<'v>>,
}

/// The account's credentials; `None` if the diagnostics say what is wrong with them.
pub(super) fn read(account: &Section, diagnostics: &mut Diagnostics) -> Option<Credentials> {
    let given = Given::new(account);
    let secret = |field: Option<&Field>, file: Option<&Field>, diagnostics: &mut Diagnostics| {
        let inline = field.and_then(|field| inline(field, diagnostics));
        let from_file = file.and_then(|file| from_file(file, diagnostics));
        inline.or(from_file)
    };
    let token = secret(given.token.as_ref(), given.token_file.as_ref(), diagnostics);
    let api_key = secret(given.api_key.as_ref(), given.api_key_file.as_ref(), diagnostics);
    let app_id = given.app_id.as_ref().and_then(|field| inline(field, diagnostics));

    let ways = given.ways();
    match ways.as_slice() {
        [] => diagnostics.problem(account.problem(
            "has no way to authenticate; give it a token, a token_file, or an app_id with an api_key or api_key_file",
        )),
        [_] => {}
        _ => diagnostics.problem(account.problem(format!(
            "has more than one way to authenticate ({}); keep one",
            ways.join(", ")
        ))),
    }
    if let (Some(field), Some(_)) = (&given.api_key, &given.api_key_file) {
        diagnostics.problem(field.problem("stands beside api_key_file; keep one of them"));
    }
    match (&given.app_id, given.api_key.as_ref().or(given.api_key_file.as_ref())) {
        (Some(app_id), None) => {
            diagnostics.problem(app_id.problem("is half a key pair; add its api_key or api_key_file"));
        }
        (None, Some(key)) => diagnostics.problem(key.problem("is half a key pair; add its app_id")),
        _ => {}
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

impl<'v> Given<'v> {
    /// A credential that a variable gives replaces what the file has in its stead.
    fn new(account: &Section<'v>) -> Self {
        let mut given = Self {
            token: account.field("token"),
            token_file: account.field("token_file"),
            app_id: account.field("app_id"),
            api_key: account.field("api_key"),
            api_key_file: account.field("api_key_file"),
        };
        let overrides = |fields: &[&Option<Field>]| {
            fields
                .iter()
                .any(|it| it.as_ref().is_some_and(Field::is_from_environment))
        };
        let token = overrides(&[&given.token, &given.token_file]);
        let api_key = overrides(&[&given.api_key, &given.api_key_file]);
        let pair = api_key || overrides(&[&given.app_id]);
        let replace = |field: &mut Option<Field>, replaced: bool| {
            if replaced {
                field.take_if(|field| !field.is_from_environment());
            }
        };
        replace(&mut given.token, token || pair);
        replace(&mut given.token_file, token || pair);
        replace(&mut given.app_id, token);
        replace(&mut given.api_key, token || api_key);
        replace(&mut given.api_key_file, token || api_key);
        given
    }

    fn ways(&self) -> Vec<&'static str> {
        let has_pair = self.app_id.is_some() || self.api_key.is_some() || self.api_key_file.is_some();
        [
            (self.token.is_some(), "token"),
            (self.token_file.is_some(), "token_file"),
            (has_pair, "app_id and api_key"),
        ]
        .into_iter()
        .filter_map(|(is_given, way)| is_given.then_some(way))
        .collect()
    }
}

fn inline(field: &Field, diagnostics: &mut Diagnostics) -> Option<Secret> {
    let text = field.secret(diagnostics)?;
    match usable(text) {
        Ok(secret) => Some(secret),
        Err(wrong) => {
            diagnostics.problem(field.problem(wrong));
            None
        }
    }
}

fn from_file(field: &Field, diagnostics: &mut Diagnostics) -> Option<Secret> {
    let path = field.file(diagnostics)?;
    diagnostics.follow(&path);
    match files::read(&path, limits::SECRET_FILE_BYTES).and_then(|text| Ok(usable(text)?)) {
        Ok(secret) => Some(secret),
        Err(wrong) => {
            let path = quoted(&path.to_string_lossy());
            diagnostics.problem(field.problem(format!("names {path}, which {wrong}")));
            None
        }
    }
}

/// What can be sent in a header. Only line breaks at the end are forgiven, since editors add them.
fn usable(mut text: String) -> Result<Secret, &'static str> {
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    if text.trim().is_empty() {
        return Err("is empty; put the credential there");
    }
    if text.contains(['\r', '\n']) {
        return Err("has a line break inside; put the credential on one line, and nothing else");
    }
    if text.starts_with("Bearer ") {
        return Err("begins with \"Bearer \"; leave that word out");
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(
            "has a blank or a character that no HTTP header can carry; put the credential there and nothing else",
        );
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_at_the_end_are_no_part_of_a_secret() {
        for text in ["tok", "tok\n", "tok\r\n", "tok\n\n"] {
            assert_eq!(usable(text.to_owned()).unwrap().expose(), "tok");
        }
    }

    #[test]
    fn what_no_header_can_carry_is_no_secret() {
        for text in [
            "", "\n", "  ", "a\nb", "a\r\nb\n", "a b", " a", "a ", "a\tb", "a\u{0}", "é", "\u{7f}", "Bearer a",
        ] {
            assert!(usable(text.to_owned()).is_err(), "{text:?}");
        }
    }
}
