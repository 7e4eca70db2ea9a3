//! The file: one JSON document, `{"format":2,"state":…,"crc32":"…"}`, written as a stream and checked before it is read.
//!
//! The checksum covers every byte before its own line, so a file that was cut off or altered is known as such before
//! anything in it is used.

use std::collections::HashSet;
use std::io::{self, Write};

use super::damage::{Damage, FORMAT};
use super::saved::State;

const START: &str = r#"{"format":"#;
const BEFORE_STATE: &str = r#","state":"#;
const AFTER_STATE: &str = ",\n";
const BEFORE_CRC: &str = r#""crc32":""#;
const AFTER_CRC: &str = "\"}\n";

/// Writes `state`. The text is never whole in memory; `out` should be buffered.
pub fn encode(state: &State, out: impl Write) -> io::Result<()> {
    let mut out = Checksummed {
        out,
        crc: crc32fast::Hasher::new(),
    };
    write!(out, "{START}{FORMAT}{BEFORE_STATE}")?;
    serde_json::to_writer(&mut out, state)?;
    out.write_all(AFTER_STATE.as_bytes())?;
    let Checksummed { mut out, crc } = out;
    out.write_all(trailer(crc).as_bytes())
}

/// The state in a file's bytes: exactly what [`encode`] was given, or damage.
pub fn decode(bytes: &[u8]) -> Result<State, Damage> {
    let rest = bytes.strip_prefix(START.as_bytes()).ok_or(Damage::Foreign)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (format, rest) = rest.split_at(digits);
    let format = std::str::from_utf8(format).ok().and_then(|digits| digits.parse().ok());
    match format {
        Some(FORMAT) => {}
        Some(other) if other > 0 => return Err(Damage::OtherFormat(other)),
        _ => return Err(Damage::Foreign),
    }
    let rest = rest.strip_prefix(BEFORE_STATE.as_bytes()).ok_or(Damage::Foreign)?;
    let trailer_len = BEFORE_CRC.len() + 8 + AFTER_CRC.len();
    let (covered, crc) = bytes
        .split_at_checked(bytes.len().saturating_sub(trailer_len))
        .ok_or(Damage::Torn)?;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(covered);
    if crc != trailer(hasher).as_bytes() {
        return Err(Damage::Torn);
    }
    let end = rest.len().checked_sub(trailer_len).ok_or(Damage::Torn)?;
    let state = rest[..end].strip_suffix(AFTER_STATE.as_bytes()).ok_or(Damage::Torn)?;
    let state: State = serde_json::from_slice(state)?;
    let has_doubles = has_doubles(state.accounts.iter().map(|account| &account.name))
        || state
            .accounts
            .iter()
            .any(|account| has_doubles(account.phones.iter().map(|(phone, _)| &phone.id)));
    if has_doubles { Err(Damage::Twice) } else { Ok(state) }
}

fn has_doubles<T: Eq + std::hash::Hash>(mut items: impl Iterator<Item = T>) -> bool {
    let mut known = HashSet::new();
    !items.all(|item| known.insert(item))
}

fn trailer(crc: crc32fast::Hasher) -> String {
    format!("{BEFORE_CRC}{:08x}{AFTER_CRC}", crc.finalize())
}

/// Computes the checksum of what passes through.
struct Checksummed<W> {
    out: W,
    crc: crc32fast::Hasher,
}

impl<W: Write> Write for Checksummed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.crc.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
