//! The values of the label `reason`: GeeLark's codes among them, and a code is whatever GeeLark sends.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// GeeLark documents some twenty codes and the network fails in a dozen ways. Whoever sends more has lost its mind, and is
/// not to fill Prometheus with a new series at every call.
const MOST: usize = 64;

/// What further reasons are counted under.
const OTHER: &str = "other";

/// The reasons that were counted so far.
#[derive(Default)]
pub(super) struct Reasons(Mutex<HashSet<Box<str>>>);

impl Reasons {
    /// The reason itself, or `other` for one that is new after [`MOST`] of them.
    pub(super) fn admit<'a>(&self, reason: &'a str) -> &'a str {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(reason) {
            return reason;
        }
        if known.len() == MOST {
            return OTHER;
        }
        known.insert(reason.into());
        reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_reasons_are_told_apart_only_so_long() {
        let reasons = Reasons::default();
        for code in 0..MOST {
            let code = code.to_string();
            assert_eq!(reasons.admit(&code), code);
        }
        assert_eq!(reasons.admit("40014"), "other");
        assert_eq!(reasons.admit("7"), "7", "a known one stays");
    }
}
