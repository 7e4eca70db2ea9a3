//! Handles of series. A series leaves its family when its handle is dropped.

use std::collections::HashSet;
use std::fmt;
use std::ops::Deref;
use std::sync::{Mutex, PoisonError};

use prometheus::{GaugeVec, HistogramVec, IntCounterVec};

use super::definition::{Definition, Kind};
use super::family::Family;
use super::registry::Registry;
use geelark_client::clock::UnixTime;

/// A gauge.
pub type Gauge = Series<GaugeVec>;
/// A counter.
pub type Counter = Series<IntCounterVec>;
/// Gauges that differ in further labels.
pub type Gauges = SeriesSet<GaugeVec>;
/// Counters that differ in further labels.
pub type Counters = SeriesSet<IntCounterVec>;
/// Histograms of seconds that differ in further labels.
pub type Histograms = SeriesSet<HistogramVec>;

/// One series, removed when dropped.
pub struct Series<F: Family> {
    family: F,
    values: Vec<String>,
    metric: F::Metric,
}

/// Series of one family and owner that differ in further labels. All are removed when the set is dropped.
pub struct SeriesSet<F: Family> {
    family: F,
    owner: Vec<String>,
    known: Mutex<HashSet<Vec<String>>>,
}

/// A gauge that exists only while it has a value.
#[derive(Debug)]
pub struct OptionalGauge {
    registry: Registry,
    definition: &'static Definition,
    owner: Vec<String>,
    gauge: Mutex<Option<Gauge>>,
}

impl<F: Family> Series<F> {
    pub(crate) const KIND: Kind = F::KIND;

    pub(crate) fn new(registry: &Registry, definition: Option<&'static Definition>, owner: &[&str]) -> Self {
        let family: F = registry.family(declared(definition));
        Self {
            metric: family.series(owner),
            values: owned(owner),
            family,
        }
    }
}

impl Gauge {
    /// Shows 1 or 0.
    pub(crate) fn set_bool(&self, value: bool) {
        self.set(f64::from(u8::from(value)));
    }

    /// Shows a count.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    pub(crate) fn set_count(&self, count: usize) {
        self.set(count as f64);
    }

    /// Shows a time in seconds since the Unix epoch.
    pub(crate) fn set_time(&self, time: UnixTime) {
        self.set(whole(time.0));
    }
}

impl<F: Family> SeriesSet<F> {
    pub(crate) const KIND: Kind = F::KIND;

    pub(crate) fn new(registry: &Registry, definition: Option<&'static Definition>, owner: &[&str]) -> Self {
        Self {
            family: registry.family(declared(definition)),
            owner: owned(owner),
            known: Mutex::default(),
        }
    }

    /// The series whose further labels have these values; it exists from now on.
    pub fn with(&self, further: &[&str]) -> F::Metric {
        let values: Vec<&str> = self
            .owner
            .iter()
            .map(String::as_str)
            .chain(further.iter().copied())
            .collect();
        self.known().insert(owned(&values));
        self.family.series(&values)
    }

    /// How many series there are.
    pub(super) fn len(&self) -> usize {
        self.known().len()
    }

    /// Whether the series with these further values exists.
    pub(super) fn contains(&self, further: &[&str]) -> bool {
        self.known().iter().any(|values| values[self.owner.len()..] == *further)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashSet<Vec<String>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OptionalGauge {
    pub(crate) const KIND: Kind = Kind::Gauge;

    pub(crate) fn new(registry: &Registry, definition: Option<&'static Definition>, owner: &[&str]) -> Self {
        Self {
            registry: registry.clone(),
            definition: declared(definition),
            owner: owned(owner),
            gauge: Mutex::default(),
        }
    }

    /// Shows `value`, or nothing.
    pub fn set(&self, value: Option<f64>) {
        let mut gauge = self.gauge.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(value) = value else {
            *gauge = None;
            return;
        };
        let owner: Vec<&str> = self.owner.iter().map(String::as_str).collect();
        gauge
            .get_or_insert_with(|| Gauge::new(&self.registry, Some(self.definition), &owner))
            .set(value);
    }

    /// Shows a whole number, or nothing.
    pub fn set_whole(&self, value: Option<i64>) {
        self.set(value.map(whole));
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts and times are far below 2^53")]
fn whole(value: i64) -> f64 {
    value as f64
}

#[expect(clippy::expect_used, reason = "the macro makes one handle for each definition")]
fn declared(definition: Option<&'static Definition>) -> &'static Definition {
    definition.expect("there is a definition for each field")
}

fn owned(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn remove<F: Family>(family: &F, values: &[String]) {
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    family.remove(&values);
}

impl<F: Family> Deref for Series<F> {
    type Target = F::Metric;

    fn deref(&self) -> &F::Metric {
        &self.metric
    }
}

impl<F: Family> Drop for Series<F> {
    fn drop(&mut self) {
        remove(&self.family, &self.values);
    }
}

impl<F: Family> Drop for SeriesSet<F> {
    fn drop(&mut self) {
        for values in &*self.known() {
            remove(&self.family, values);
        }
    }
}

impl<F: Family> fmt::Debug for Series<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Series{:?}", self.values)
    }
}

impl<F: Family> fmt::Debug for SeriesSet<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SeriesSet{:?}", self.owner)
    }
}
