//! What is said about a configuration: problems that forbid a start, warnings that do not.
//!
//! Every text leaves through [`quoted`] or is ours, so that a credential that was pasted into the wrong place is not
//! repeated in a log.

use std::fmt::{self, Write};
use std::path::Path;

use config_file::FileStamps;

/// One thing that is wrong, in one sentence: where, what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    place: String,
    sentence: String,
}

impl Problem {
    pub(super) fn new(place: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            sentence: sentence.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.sentence)
    }
}

/// Everything that is wrong with a configuration; never empty. Displays as one sentence per line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems in the order in which they were met.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_char('\n')?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

/// Collects what is met on the way, so that everything is said at once.
#[derive(Default)]
pub(super) struct Diagnostics {
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    followed: FileStamps,
}

impl Diagnostics {
    pub(super) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    pub(super) fn warning(&mut self, warning: Problem) {
        self.warnings.push(warning);
    }

    /// The configuration names this file, which is to be read now and followed from now on.
    pub(super) fn follow(&mut self, path: &Path) {
        self.followed.add(path);
    }

    /// The warnings and the followed files, unless there is a problem.
    pub(super) fn finish(self) -> Result<(Vec<String>, FileStamps), Problems> {
        if self.problems.is_empty() {
            Ok((self.warnings.iter().map(Problem::to_string).collect(), self.followed))
        } else {
            Err(Problems(self.problems))
        }
    }
}

/// What a quoted value is cut down to; a sentence is to be read in a terminal.
const QUOTED_CHARS: usize = 200;

/// GeeLark's application ids, keys and tokens are runs of 24 letters and digits or more; its phone ids are digits alone.
const CREDENTIAL_CHARS: usize = 20;

/// `text` in quotes, on one line, with whatever looks like a credential taken out.
pub(super) fn quoted(text: &str) -> String {
    let mut shown = bare(text);
    if let Some((end, _)) = shown.char_indices().nth(QUOTED_CHARS) {
        shown.truncate(end);
        shown.push('…');
    }
    format!("\"{shown}\"")
}

/// Like [`quoted`], without the quotes and never cut: for the place of a problem.
pub(super) fn bare(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = first.is_ascii_alphanumeric();
        let end = rest
            .find(|c: char| c.is_ascii_alphanumeric() != is_word)
            .unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        rest = after;
        if looks_like_a_credential(run) {
            shown.push_str("[redacted]");
        } else {
            shown.extend(run.escape_debug());
        }
    }
    shown
}

fn looks_like_a_credential(run: &str) -> bool {
    run.len() >= CREDENTIAL_CHARS
        && run.bytes().any(|b| b.is_ascii_digit())
        && run.bytes().any(|b| b.is_ascii_alphabetic())
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
    fn what_looks_like_a_credential_is_not_quoted() {
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
