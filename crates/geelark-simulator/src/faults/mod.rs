//! Faults on demand: what goes wrong, for which calls, how often.

mod bodies;
mod fault;
mod mutations;

use fastrand::Rng;
use serde_json::{Value, json};

pub(crate) use bodies::gateway_error;
pub(crate) use fault::Effect;
pub use fault::{BadFault, Fault};

use crate::endpoint::Endpoint;

/// The active faults, in the order in which they were given.
pub(crate) struct Faults {
    /// Each fault, and how often it struck.
    active: Vec<(Fault, u64)>,
    /// Decides about faults with a probability. It is not the fleet's generator, so faults do not change the fleet.
    rng: Rng,
}

impl Faults {
    pub(crate) fn new(seed: u64, faults: Vec<Fault>) -> Self {
        let mut this = Self {
            active: Vec::new(),
            rng: Rng::with_seed(seed),
        };
        this.add(faults);
        this
    }

    pub(crate) fn add(&mut self, faults: Vec<Fault>) {
        self.active.extend(faults.into_iter().map(|fault| (fault, 0)));
    }

    pub(crate) fn clear(&mut self) {
        self.active.clear();
    }

    /// The active faults, as `GET /_simulator/faults` shows them.
    pub(crate) fn list(&self) -> Value {
        let entry = |(fault, struck): &(Fault, u64)| json!({"fault": fault.spec, "struck": struck});
        self.active.iter().map(entry).collect()
    }

    /// What goes wrong with a call of `endpoint` about `ids`.
    ///
    /// After a fault that ends the call no other strikes, and only one fault replaces the body. So faults with a count,
    /// one after the other, make a sequence.
    pub(crate) fn strike(&mut self, endpoint: Endpoint, ids: &[&str]) -> Vec<Effect> {
        let mut effects: Vec<Effect> = Vec::new();
        for (fault, struck) in &mut self.active {
            let has_body = || effects.iter().any(|effect| matches!(effect, Effect::Body(_)));
            if !fault.matches(endpoint, ids)
                || fault.count.is_some_and(|count| *struck >= count)
                || matches!(fault.effect, Effect::Body(_)) && has_body()
                || fault.probability.is_some_and(|share| self.rng.f64() >= share)
            {
                continue;
            }
            *struck += 1;
            effects.push(fault.effect.clone());
            if fault.effect.ends_the_call() {
                break;
            }
        }
        effects
    }
}
