//! The phones and their lifecycle.
//!
//! Time is an argument. Every phone has a random generator of its own and events happen in the order of their times, so
//! what the fleet looks like depends on the seed and the time alone, never on how often somebody looked.
//!
//! Two times are kept apart: `age`, which the speed stretches and by which phones boot, run and stop; and the clock on the
//! wall, by which rentals end, so that `monthlyExpire` is true whatever the speed.

mod events;
mod generate;
mod lifecycle;
mod names;
mod phone;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::{Duration, Instant};

use fastrand::Rng;

pub(super) use events::News;
pub(super) use phone::{Change, Phone, status};

use super::options::Options;
use crate::clock::Moment;
use lifecycle::Event;

/// In seconds. A rental that ends later never does.
const CENTURY: u64 = 100 * 365 * 24 * 60 * 60;

/// All phones, the vanished ones included, in the order of their serial numbers.
pub(super) struct Fleet {
    residents: Vec<Resident>,
    by_id: HashMap<String, usize>,
    agenda: BinaryHeap<Reverse<Entry>>,
    /// Makes phones; each gets a generator of its own from it.
    rng: Rng,
    start: Moment,
    speed: f64,
    /// How long the fleet has lived, in its own time.
    age: Duration,
    /// What happened since it was last asked for; nothing while nobody listens.
    events: Option<Vec<News>>,
}

/// So much events is kept; whoever listens so slowly misses the rest.
const MOST_NEWS: usize = 10_000;

struct Resident {
    phone: Phone,
    rng: Rng,
    /// Entries of the agenda with another plan number are void.
    plan: u64,
}

/// When, whose, by which plan, what: ordered by time first, then by phone, so that ties are no accident.
type Entry = (Duration, usize, u64, Event);

impl Fleet {
    /// The phones that `options` describe, at the beginning of their time.
    pub(super) fn found(options: &Options, start: Moment) -> Self {
        let mut fleet = Self {
            residents: Vec::new(),
            by_id: HashMap::new(),
            agenda: BinaryHeap::new(),
            rng: Rng::with_seed(options.seed),
            start,
            speed: options.speed,
            age: Duration::ZERO,
            events: options.webhook_url.is_some().then(Vec::new),
        };
        for phone in generate::population(options, &mut fleet.rng, start.unix()) {
            fleet.settle(phone);
        }
        fleet
    }

    /// Lets everything happen that is due by `now`.
    pub(super) fn advance(&mut self, now: Instant) {
        let age = now.saturating_duration_since(self.start.mono).mul_f64(self.speed);
        while let Some(Reverse((at, index, plan, event))) = self.agenda.peek().copied()
            && at <= age
        {
            self.agenda.pop();
            let resident = &mut self.residents[index];
            if resident.plan == plan {
                self.age = at;
                let wall = self.start.unix() + real_seconds(at, self.speed);
                let before = self.events.is_some().then(|| resident.phone.clone());
                lifecycle::happen(event, &mut resident.phone, &mut resident.rng, wall);
                self.note(before, index);
                self.plan(index);
            }
        }
        self.age = self.age.max(age);
    }

    pub(super) fn phones(&self) -> impl Iterator<Item = &Phone> {
        self.residents.iter().map(|resident| &resident.phone)
    }

    /// A phone by its id, also a vanished one.
    pub(super) fn get(&self, id: &str) -> Option<&Phone> {
        self.by_id.get(id).map(|index| &self.residents[*index].phone)
    }

    /// The fleet's age, by which the wallet empties.
    pub(super) fn age(&self) -> Duration {
        self.age
    }

    /// Adds a phone: under `id` if given, which must not be taken.
    pub(super) fn create(&mut self, id: Option<String>, change: Change) -> &Phone {
        let mut phone = generate::newcomer(self.residents.len(), &mut self.rng, |id| self.by_id.contains_key(id));
        if let Some(id) = id {
            phone.id = id;
        }
        change.apply(&mut phone);
        let index = self.settle(phone);
        &self.residents[index].phone
    }

    /// Changes a phone and lets its lifecycle go on from there.
    pub(super) fn change(&mut self, id: &str, change: Change) -> Option<&Phone> {
        let index = *self.by_id.get(id)?;
        let phone = &mut self.residents[index].phone;
        let before = self.events.is_some().then(|| phone.clone());
        change.apply(phone);
        self.note(before, index);
        self.plan(index);
        Some(&self.residents[index].phone)
    }

    /// What happened since this was last asked for, in that order; nothing before somebody was `listening`.
    pub(super) fn events(&mut self, listening: bool) -> Vec<News> {
        let fresh = listening.then(Vec::new);
        std::mem::replace(&mut self.events, fresh).unwrap_or_default()
    }

    fn note(&mut self, before: Option<Phone>, index: usize) {
        if let (Some(events), Some(before)) = (&mut self.events, before)
            && events.len() < MOST_NEWS
        {
            events.extend(events::between(&before, &self.residents[index].phone));
        }
    }

    /// Takes a phone in and plans its lifecycle.
    fn settle(&mut self, phone: Phone) -> usize {
        let index = self.residents.len();
        self.by_id.insert(phone.id.clone(), index);
        self.residents.push(Resident {
            phone,
            rng: self.rng.fork(),
            plan: 0,
        });
        self.plan(index);
        index
    }

    /// Writes into the agenda what the phone does next; what was written before is void.
    fn plan(&mut self, index: usize) {
        let resident = &mut self.residents[index];
        resident.plan += 1;
        if resident.phone.frozen || self.speed == 0.0 {
            return;
        }
        let step = (
            self.age + lifecycle::dwell(&resident.phone, &mut resident.rng),
            Event::Step,
        );
        let expiry = lifecycle::expires_at(&resident.phone).map(|wall| {
            let left = u64::try_from(wall.saturating_sub(self.start.unix())).unwrap_or(0);
            let at = Duration::from_secs(left.min(CENTURY)).mul_f64(self.speed);
            (at.max(self.age), Event::Expiry)
        });
        let (at, event) = expiry.map_or(step, |expiry| expiry.min(step));
        self.agenda.push(Reverse((at, index, resident.plan, event)));
    }
}

/// How many seconds on the wall an age is.
#[expect(
    clippy::cast_possible_truncation,
    reason = "an age in seconds fits; rounding is wanted"
)]
fn real_seconds(age: Duration, speed: f64) -> i64 {
    (age.as_secs_f64() / speed).round() as i64
}
