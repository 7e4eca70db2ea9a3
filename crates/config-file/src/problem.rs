//! Sentences about a configuration: problems that prevent a start, and warnings that do not.
//!
//! Every value in a sentence goes through [`quoted`] or [`bare`], so that a credential in the wrong place does not reach a
//! log.

use std::fmt;

/// Everything that is wrong, as sentences that say where, what, and what to do. Never empty; displays one sentence a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<String>);

impl Problems {
    /// `Ok` with `value` if there is no problem.
    pub fn or<T>(problems: Vec<String>, value: T) -> Result<T, Self> {
        if problems.is_empty() {
            Ok(value)
        } else {
            Err(Self(problems))
        }
    }

    /// The sentences in the order in which the problems were found.
    pub fn sentences(&self) -> &[String] {
        &self.0
    }
}

impl From<String> for Problems {
    fn from(problem: String) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Problems {}

/// A quoted value is cut after so many characters, because a sentence must be readable in a terminal.
const QUOTED_CHARS: usize = 200;

/// GeeLark's application ids, keys and tokens are runs of 24 letters and digits or more; its phone ids are digits alone.
const CREDENTIAL_CHARS: usize = 20;

/// `text` in quotes, on one line and not too long; parts that look like credentials are redacted.
pub fn quoted(text: &str) -> String {
    let mut shown = bare(text);
    if let Some((end, _)) = shown.char_indices().nth(QUOTED_CHARS) {
        shown.truncate(end);
        shown.push('…');
    }
    format!("\"{shown}\"")
}

/// Like [`quoted`], without quotes and never cut: for the place of a problem.
pub fn bare(text: &str) -> String {
    let runs = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    let shown = runs.map(|run| {
        let word = run.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let rest = run[word.len()..].escape_debug();
        if looks_like_a_credential(word) {
            format!("[redacted]{rest}")
        } else {
            format!("{word}{rest}")
        }
    });
    shown.collect()
}

fn looks_like_a_credential(word: &str) -> bool {
    word.len() >= CREDENTIAL_CHARS
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_value_stays_on_one_line_and_is_cut() {
        assert_eq!(quoted("a\nb\"c"), r#""a\nb\"c""#);
        assert_eq!(quoted(&"é".repeat(300)), format!("\"{}…\"", "é".repeat(QUOTED_CHARS)));
    }

    #[test]
    fn a_value_that_looks_like_a_credential_is_redacted() {
        assert_eq!(
            quoted("Bearer YjmFIUuq0oJgSDJ42fxLEb6R1qjjqf!"),
            r#""Bearer [redacted]!""#
        );
        assert_eq!(quoted("588732926036803641"), r#""588732926036803641""#);
        assert_eq!(
            quoted("/run/secrets/geelark_token_1"),
            r#""/run/secrets/geelark_token_1""#
        );
    }
}
