//! The phones and their lifecycle.
//!
//! Time is an argument, and every phone has a random generator of its own. So the fleet depends on the seed and the time
//! alone, not on how often it is looked at.
//!
//! There are two times. By the fleet's age, which the speed stretches, phones boot, run and stop. By the wall clock,
//! rentals end, so that `monthlyExpire` is true at any speed.

mod events;
mod generate;
mod lifecycle;
mod names;
mod phone;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::{Map, Value};

pub(crate) use phone::{MONTHLY, Phone, status};

use crate::clock::Moment;
use crate::options::Options;
use lifecycle::{LivePhone, Timeline};

/// How many events are kept until they are taken; the rest is dropped.
const MAX_EVENTS: usize = 10_000;

/// All phones in the order of their serial numbers, including those that no longer exist.
pub(crate) struct Fleet {
    phones: Vec<LivePhone>,
    by_id: HashMap<String, usize>,
    /// Generates phones; each phone gets a generator of its own from it.
    rng: Rng,
    timeline: Timeline,
    /// How long the fleet has lived, in its own time.
    age: Duration,
    /// The age at which the next phone takes a step.
    next_step: Duration,
    /// What happened since the events were last taken.
    events: Vec<Value>,
}

impl Fleet {
    /// The phones that `options` describe, at the start of their lives.
    pub(crate) fn new(options: &Options, start: Moment) -> Self {
        let speed = options.speed;
        let mut fleet = Self {
            phones: Vec::new(),
            by_id: HashMap::new(),
            rng: Rng::with_seed(options.seed),
            timeline: Timeline { start, speed },
            age: Duration::ZERO,
            next_step: Duration::ZERO,
            events: Vec::new(),
        };
        for phone in generate::population(options, &mut fleet.rng, start.unix()) {
            fleet.add(phone);
        }
        fleet
    }

    /// Takes all steps that are due at `now`.
    pub(crate) fn advance(&mut self, now: Instant) {
        self.age = self.age.max(self.timeline.age(now));
        if self.age < self.next_step {
            return;
        }
        for live in &mut self.phones {
            while let Some(events) = live.advance(self.age, &self.timeline) {
                self.events.extend(events);
            }
        }
        self.events.truncate(MAX_EVENTS);
        let next_steps = self.phones.iter().filter_map(LivePhone::next_step);
        self.next_step = next_steps.min().unwrap_or(Duration::MAX);
    }

    pub(crate) fn phones(&self) -> impl Iterator<Item = &Phone> {
        self.phones.iter().map(|live| &live.phone)
    }

    /// A phone by its id, even when it no longer exists.
    pub(crate) fn get(&self, id: &str) -> Option<&Phone> {
        self.by_id.get(id).map(|index| &self.phones[*index].phone)
    }

    /// How long the fleet has lived, in its own time.
    pub(crate) fn age(&self) -> Duration {
        self.age
    }

    /// Adds a phone with these keys. An id among them must be free.
    pub(crate) fn create(&mut self, id: Option<&str>, change: &Map<String, Value>) -> serde_json::Result<Phone> {
        let is_taken = |id: &str| self.by_id.contains_key(id);
        let mut phone = generate::new_phone(self.phones.len(), &mut self.rng, is_taken);
        if let Some(id) = id {
            id.clone_into(&mut phone.id);
        }
        let phone = phone.with(change.clone())?;
        self.add(phone.clone());
        Ok(phone)
    }

    /// Changes a phone, which goes on living from there. None for an unknown id.
    pub(crate) fn change(&mut self, id: &str, change: Map<String, Value>) -> serde_json::Result<Option<Phone>> {
        let Some(index) = self.by_id.get(id) else {
            return Ok(None);
        };
        let live = &mut self.phones[*index];
        let changed = live.phone.with(change)?;
        self.events.extend(events::between(&live.phone, &changed));
        live.phone = changed.clone();
        live.schedule(self.age, &self.timeline);
        self.next_step = Duration::ZERO;
        Ok(Some(changed))
    }

    /// The webhook payloads of what happened since the last call, in order for each phone.
    pub(crate) fn take_events(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.events)
    }

    fn add(&mut self, phone: Phone) {
        self.by_id.insert(phone.id.clone(), self.phones.len());
        let live = LivePhone::new(phone, self.rng.fork(), self.age, &self.timeline);
        self.phones.push(live);
        self.next_step = Duration::ZERO;
    }
}
