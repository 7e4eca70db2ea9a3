//! Sentences about a configuration: problems that forbid a start, and warnings that do not.
//!
//! Every value in a sentence goes through [`quoted`] or [`bare`], so that a credential in the wrong place does not reach a
//! log.

use std::fmt::{self, Display};
use std::path::Path;

use crate::stamp::FileStamps;

/// One thing that is wrong, in one sentence: where, what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    place: String,
    sentence: String,
}

impl Problem {
    /// A problem at `place`: a file and line, or a variable. The sentence must not contain credentials.
    pub fn new(place: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            sentence: sentence.into(),
        }
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.sentence)
    }
}

/// Everything that is wrong with a configuration; never empty. Displays as one sentence per line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems in the order in which they were found.
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

impl Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentences: Vec<_> = self.0.iter().map(Problem::to_string).collect();
        f.write_str(&sentences.join("\n"))
    }
}

impl std::error::Error for Problems {}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

/// Collects problems, warnings and the files that were read, so that all problems are reported at once.
#[derive(Debug, Default)]
pub struct Diagnostics {
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    followed: FileStamps,
}

impl Diagnostics {
    /// Adds a problem: the configuration cannot be used.
    pub fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Adds a warning: this is allowed, but probably not meant.
    pub fn warning(&mut self, warning: Problem) {
        self.warnings.push(warning);
    }

    /// Adds a file that the configuration names. Call it before the file is read.
    pub fn follow(&mut self, path: &Path) {
        self.followed.add(path);
    }

    /// The files that were added so far.
    pub fn followed(&self) -> &FileStamps {
        &self.followed
    }

    /// The warnings and the followed files, unless there is a problem.
    pub fn finish(self) -> Result<(Vec<String>, FileStamps), Problems> {
        if self.problems.is_empty() {
            Ok((self.warnings.iter().map(Problem::to_string).collect(), self.followed))
        } else {
            Err(Problems(self.problems))
        }
    }
}

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
