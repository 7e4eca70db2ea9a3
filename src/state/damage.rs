//! Why a file is no memory.

use super::file::FORMAT;

/// What is wrong with a state file. Displays as the rest of a sentence that begins with the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It does not begin as one.
    #[error("is not a state file of this exporter")]
    Foreign,
    /// A later version of the exporter wrote it.
    #[error("has format {0}, and this version of the exporter reads format {FORMAT}")]
    Newer(u64),
    /// What it says and its checksum do not agree.
    #[error("is cut off or altered: its checksum is wrong")]
    Torn,
    /// It was written as it is, but not by an exporter. Where, but not what: names of phones are nobody's business.
    #[error("does not hold what a state file holds, at line {line}, column {column}")]
    Malformed {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// An account, or a phone of an account, is in it twice.
    #[error("has an account or a phone twice")]
    Twice,
}

impl From<serde_json::Error> for Damage {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed {
            line: error.line(),
            column: error.column(),
        }
    }
}
