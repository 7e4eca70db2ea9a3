//! The phones and their lifecycle.
//!
//! Time is an argument, as the time since the start, and every phone has a random generator of its own. So the fleet
//! depends on the options and the time alone, not on how often it is read.

mod generate;
mod lifecycle;
mod phone;
#[cfg(test)]
mod tests;

use std::time::Duration;

use fastrand::Rng;
use indexmap::IndexMap;
use serde_json::Value;

pub(crate) use phone::{Changes, MONTHLY, SimulatedPhone, status};

use crate::options::Options;
use lifecycle::{LivePhone, Timeline};

/// How many events are kept until they are taken; the rest is dropped.
const MAX_EVENTS: usize = 10_000;

/// All phones in the order of their serial numbers, including those that no longer exist.
#[derive(Default)]
pub(crate) struct SimulatedFleet {
    phones: IndexMap<String, LivePhone>,
    /// Generates phones; each phone gets a generator of its own from it.
    rng: Rng,
    pub(crate) timeline: Timeline,
    /// The time since the start.
    pub(crate) now: Duration,
    /// When the next phone takes a step.
    next_step: Duration,
    /// The payloads of webhooks about what happened since the events were last taken, in order for each phone.
    pub(crate) events: Vec<Value>,
}

impl SimulatedFleet {
    /// The phones that `options` describe, at the start of their lives. `start` is in seconds since the Unix epoch.
    pub(crate) fn new(options: &Options, start: i64) -> Self {
        let speed = options.speed;
        let mut fleet = Self {
            timeline: Timeline { start, speed },
            rng: Rng::with_seed(options.seed),
            ..Self::default()
        };
        // The statuses and the missing ids are mixed like a list that grew over years.
        let mut ranks: Vec<usize> = (0..options.phones + options.missing).collect();
        fleet.rng.shuffle(&mut ranks);
        for rank in ranks {
            let mut phone = fleet.new_phone(None);
            generate::add_history(&mut phone, rank, options.phones, &mut fleet.rng, start);
            fleet.add(phone);
        }
        fleet
    }

    /// Takes all steps that are due at `now`.
    pub(crate) fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
        if self.now < self.next_step {
            return;
        }
        for live in self.phones.values_mut() {
            while let Some(events) = live.advance(self.now, self.timeline) {
                self.events.extend(events);
            }
        }
        self.events.truncate(MAX_EVENTS);
        let next_steps = self.phones.values().filter_map(|live| live.next_step);
        self.next_step = next_steps.min().unwrap_or(Duration::MAX);
    }

    pub(crate) fn phones(&self) -> impl Iterator<Item = &SimulatedPhone> {
        self.phones.values().map(|live| &live.phone)
    }

    /// A phone by its id, even when it no longer exists.
    pub(crate) fn get(&self, id: &str) -> Option<&SimulatedPhone> {
        self.phones.get(id).map(|live| &live.phone)
    }

    /// Adds a phone with these keys. An id must be free.
    pub(crate) fn create(&mut self, id: Option<String>, change: Changes) -> serde_json::Result<SimulatedPhone> {
        let phone = self.new_phone(id).with(change)?;
        self.add(phone.clone());
        Ok(phone)
    }

    /// Changes a phone. Its lifecycle goes on from there. None for an unknown id.
    pub(crate) fn change(&mut self, id: &str, change: Changes) -> serde_json::Result<Option<SimulatedPhone>> {
        let Some(live) = self.phones.get_mut(id) else {
            return Ok(None);
        };
        let changed = live.phone.with(change)?;
        self.events.extend(changed.events_since(&live.phone));
        live.phone = changed.clone();
        live.schedule(self.now, self.timeline);
        self.next_step = Duration::ZERO;
        Ok(Some(changed))
    }

    fn new_phone(&mut self, id: Option<String>) -> SimulatedPhone {
        let mut id = id.unwrap_or_else(|| generate::id(&mut self.rng));
        while self.phones.contains_key(&id) {
            id = generate::id(&mut self.rng);
        }
        generate::new_phone(id, self.phones.len() + 1, &mut self.rng)
    }

    fn add(&mut self, phone: SimulatedPhone) {
        let id = phone.id.clone();
        let live = LivePhone::new(phone, self.rng.fork(), self.now, self.timeline);
        self.phones.insert(id, live);
        self.next_step = Duration::ZERO;
    }
}
