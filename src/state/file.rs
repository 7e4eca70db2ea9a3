//! The file: one JSON document, `{"format":2,"state":…,"crc32":"…"}`, with the checksum on a line of its own.
//!
//! The checksum covers every byte before its own line. It is checked before anything in the file is used.

use std::collections::HashSet;
use std::io::{self, Write};

use flate2::CrcWriter;

use super::saved::State;

/// The format of the file. Raised whenever another version could misread it.
const FORMAT: u64 = 2;

/// Why a state file is not used. Displays as the rest of a sentence that begins with the file.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// It does not begin as a state file.
    #[error("is not a state file of this exporter")]
    Foreign,
    /// Another version of the exporter wrote it.
    #[error("has format {0}, and this version of the exporter reads format {FORMAT}")]
    OtherFormat(u64),
    /// Content and checksum do not agree.
    #[error("is cut off or altered: its checksum is wrong")]
    Torn,
    /// The checksum is right, but no exporter wrote it. The position, without content: names of phones are private.
    #[error("does not hold what a state file holds, at line {}, column {}", .0.line(), .0.column())]
    Malformed(#[from] serde_json::Error),
    /// An account, or a phone of an account, is in it twice.
    #[error("has an account or a phone twice")]
    Twice,
    /// The system cannot read it.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// Writes `state`. The text is never whole in memory; `out` should be buffered.
pub fn encode(state: &State, out: impl Write) -> io::Result<()> {
    let mut out = CrcWriter::new(out);
    write!(out, r#"{{"format":{FORMAT},"state":"#)?;
    serde_json::to_writer(&mut out, state)?;
    out.write_all(b",\n")?;
    let checksum = checksum(out.crc().sum());
    out.into_inner().write_all(checksum.as_bytes())
}

/// The state in a file's bytes: exactly what [`encode`] was given, or damage.
pub fn decode(bytes: &[u8]) -> Result<State, Damage> {
    let text = String::from_utf8_lossy(bytes);
    let rest = text.strip_prefix(r#"{"format":"#).ok_or(Damage::Foreign)?;
    let (format, rest) = rest.split_once(',').ok_or(Damage::Foreign)?;
    match format.parse() {
        Ok(FORMAT) => {}
        Ok(other) if other > 0 => return Err(Damage::OtherFormat(other)),
        _ => return Err(Damage::Foreign),
    }
    let rest = rest.strip_prefix(r#""state":"#).ok_or(Damage::Foreign)?;
    let (state, last_line) = rest.split_once(",\n").ok_or(Damage::Torn)?;
    let covered = &text.as_bytes()[..text.len() - last_line.len()];
    if last_line != checksum(crc32fast::hash(covered)) {
        return Err(Damage::Torn);
    }
    let state: State = serde_json::from_str(state)?;
    let mut names = HashSet::new();
    let is_unique = state.accounts.iter().all(|account| {
        let mut ids = HashSet::new();
        names.insert(&account.name) && account.phones.iter().all(|(phone, _)| ids.insert(&phone.id))
    });
    if is_unique { Ok(state) } else { Err(Damage::Twice) }
}

/// The last line.
fn checksum(crc: u32) -> String {
    format!("\"crc32\":\"{crc:08x}\"}}\n")
}
