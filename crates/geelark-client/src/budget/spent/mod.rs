//! What a predecessor had spent, and what has to be assumed of what nobody wrote down.

#[cfg(test)]
mod tests;

use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::ledger::HELD;
use super::{RESTART_GAP, spacing};
use crate::clock::{ElapsedSinceSave, Timestamp, UnixMillis};

/// More calls than any configuration allows in a window.
const MOST_CALLS: usize = 1 << 20;

/// What an account had spent when it was written down, under the limits then in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spent {
    /// Calls allowed in 60 seconds.
    pub requests_per_minute: NonZeroU32,
    /// Calls allowed to be under way at once.
    pub max_in_flight: usize,
    /// Calls that were under way.
    pub in_flight: usize,
    /// When calls ended that still count; those before them count no longer.
    pub ends: Vec<UnixMillis>,
}

/// How the predecessor came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// In good order: it wrote after its last call, so what is written is all there was.
    Clean,
    /// Killed, or unable to write: it may have gone on calling until a moment ago.
    Unclean,
}

impl Spent {
    /// When each of the predecessor's calls ended at the latest, as far as it still counts; ascending.
    ///
    /// The successor's ledger is filled with these, and then goes on as if the two were one process. The ledger's argument
    /// (no call starts before N others have been over for a window) needs no call's true end, only a time for each that is
    /// not earlier, and it does not matter which time belongs to which call: it counts. So it is enough that, with both
    /// sorted, no true end is later than the time that stands for it.
    ///
    /// *What was written down* is exact, but for two things. The wall clock may have been corrected a little between the
    /// two processes, and a request that was given up at the very end may still be on its way. Both are what
    /// [`RESTART_GAP`] is for, so every time is moved later by that.
    ///
    /// *What was not written down*, after an unclean end, is bounded by the two rules that every process keeps: its
    /// calls start one spacing s apart, and at most M are under way. Let the i-th last call (from 0) start at S(i). No
    /// call starts after now, so S(i) ≤ now − i·s. Which calls can have ended after S(i)? The i that started later, the
    /// call itself, and the M − 1 at most that were under way beside it: i + M in all. So the k-th last end (from 0) is no
    /// later than now − (k − M)·s, and the M last ones no later than now, or than the moment the last request of a
    /// killed process reaches the server, for which there is the gap again. And there are at most as many such calls as
    /// were under way when it was written, plus one, plus one for every spacing since. This holds for several
    /// processes in a row that were all killed before they wrote: each starts with a gap and a spacing of silence, when
    /// nothing of the one before is under way any more.
    ///
    /// If the clock was set back since, nobody can tell how many spacings it has been, and a whole window of them is assumed.
    pub(super) fn latest_ends(&self, past: ElapsedSinceSave, ending: Ending) -> Vec<Instant> {
        let now = Instant::from_std(past.now().mono);
        let written = self
            .ends
            .iter()
            .filter_map(|end| past.earlier(*end))
            .map(Instant::from_std);
        let mut ends: Vec<Instant> = written.chain(self.unwritten(past.elapsed(), ending, now)).collect();
        for end in &mut ends {
            *end += RESTART_GAP;
        }
        ends.retain(|end| *end + HELD > now);
        ends.sort_unstable();
        ends
    }

    /// The latest ends of calls that nobody wrote down, before the gap is added.
    fn unwritten(&self, elapsed: Option<Duration>, ending: Ending, now: Instant) -> impl Iterator<Item = Instant> {
        let spacing = spacing(self.requests_per_minute);
        // With these the window is full: whatever ended before them counts no longer.
        let all = whole(self.requests_per_minute)
            .saturating_add(self.max_in_flight)
            .saturating_add(1);
        let all = all.min(MOST_CALLS);
        let calls = match (elapsed, ending) {
            (None, _) => all,
            (Some(_), Ending::Clean) => self.in_flight,
            (Some(elapsed), Ending::Unclean) => {
                let spacings = elapsed.as_nanos() / spacing.as_nanos().max(1);
                usize::try_from(spacings)
                    .unwrap_or(all)
                    .saturating_add(1)
                    .saturating_add(self.in_flight)
            }
        };
        let most_in_flight = self.max_in_flight;
        (0..calls.min(all)).filter_map(move |last| {
            let spacings = u32::try_from(last.saturating_sub(most_in_flight)).unwrap_or(u32::MAX);
            now.checked_sub(spacing.saturating_mul(spacings))
        })
    }

    /// The first moment at which the successor may begin its first spacing.
    pub(super) fn pause_until(past: ElapsedSinceSave, ending: Ending) -> Instant {
        let now = Instant::from_std(past.now().mono);
        match (past.elapsed(), ending) {
            (Some(_), Ending::Clean) => now,
            _ => now + RESTART_GAP,
        }
    }
}

fn whole(requests: NonZeroU32) -> usize {
    usize::try_from(requests.get()).unwrap_or(usize::MAX)
}

/// Calls that ended, as they are written down.
pub(super) fn write_down(ends: impl Iterator<Item = Instant>, now: Timestamp) -> Vec<UnixMillis> {
    ends.filter(|end| *end + HELD + RESTART_GAP > Instant::from_std(now.mono))
        .map(|end| now.millis_at(end.into_std()))
        .collect()
}
