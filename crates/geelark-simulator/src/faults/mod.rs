//! Faults on demand, as data: what goes wrong, for which calls, how often.

mod gzip;
mod kind;
mod spec;
mod spoil;
mod warp;

use fastrand::Rng;
use serde::Serialize;

pub(super) use kind::Kind;
pub use spec::{BadFault, Fault};
pub(super) use spoil::BodyFault;
pub(super) use warp::ResponseMutation;

use super::api::Endpoint;

/// The faults in force, in the order they were given.
pub(super) struct Faults {
    standing: Vec<Standing>,
    /// Decides for faults with a probability; its own, so that they do not disturb the fleet.
    rng: Rng,
}

/// A fault and how often it struck, as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct Standing {
    fault: Fault,
    struck: u64,
}

impl Faults {
    pub(super) fn new(seed: u64, faults: Vec<Fault>) -> Self {
        let mut this = Self {
            standing: Vec::new(),
            rng: Rng::with_seed(seed),
        };
        this.add(faults);
        this
    }

    pub(super) fn add(&mut self, faults: Vec<Fault>) {
        self.standing
            .extend(faults.into_iter().map(|fault| Standing { fault, struck: 0 }));
    }

    pub(super) fn clear(&mut self) {
        self.standing.clear();
    }

    pub(super) fn standing(&self) -> &[Standing] {
        &self.standing
    }

    /// What goes wrong with a call of `endpoint` about `ids`.
    ///
    /// A fault strikes only where it can be felt: none after one that ended the call, and one spoilt body is enough. So
    /// faults with a count, one after the other, make a sequence.
    pub(super) fn strike(&mut self, endpoint: Endpoint, ids: &[String]) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = Vec::new();
        for standing in &mut self.standing {
            if kinds.last().is_some_and(Kind::ends_the_call) {
                break;
            }
            if matches!(standing.fault.kind, Kind::Spoil(_)) && kinds.iter().any(|kind| matches!(kind, Kind::Spoil(_)))
            {
                continue;
            }
            let fault = &standing.fault;
            let due = fault.concerns(endpoint, ids)
                && fault.count.is_none_or(|count| standing.struck < count)
                && fault.probability.is_none_or(|probability| self.rng.f64() < probability);
            if due {
                standing.struck += 1;
                kinds.push(fault.kind.clone());
            }
        }
        kinds
    }
}
