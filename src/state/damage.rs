//! Why a file is no state.

/// The format of the file. Raised whenever another version could misread it.
pub(super) const FORMAT: u64 = 2;

/// What is wrong with a state file. Displays as the rest of a sentence that begins with the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It does not begin as one.
    #[error("is not a state file of this exporter")]
    Foreign,
    /// Another version of the exporter wrote it.
    #[error("has format {0}, and this version of the exporter reads format {FORMAT}")]
    OtherFormat(u64),
    /// Content and checksum do not agree.
    #[error("is cut off or altered: its checksum is wrong")]
    Torn,
    /// The checksum is right, but no exporter wrote it. The position, without content: names of phones are private.
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
