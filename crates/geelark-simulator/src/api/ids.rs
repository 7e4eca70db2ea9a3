//! Which ids are valid.

use crate::envelope::Refusal;

/// How many ids a call may carry.
pub(super) const MAX_IDS: usize = 100;

/// How many characters an id may have.
const MAX_ID_LENGTH: usize = 64;

/// Refuses the whole call for one bad id, as GeeLark does.
pub(super) fn check_ids(ids: &[String]) -> Result<(), Refusal> {
    if ids.len() <= MAX_IDS && ids.iter().all(|id| is_well_formed(id)) {
        Ok(())
    } else {
        Err(Refusal::INVALID_PARAMETERS)
    }
}

/// Whether an id has the form of GeeLark's ids.
pub(crate) fn is_well_formed(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=MAX_ID_LENGTH).contains(&id.len()) && id.bytes().all(allowed)
}
