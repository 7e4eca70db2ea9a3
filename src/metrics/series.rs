//! The series of one owner, and the kinds of metrics they can have.

use std::fmt;
use std::sync::Arc;

use prometheus::core::{Atomic, Collector, GenericGauge, GenericGaugeVec};
use prometheus::{HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Result};

use super::definition::{Definition, Kind};

/// From a good answer to longer than the longest sensible timeout, in seconds.
const BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Keeps the series of one owner in the exposition, for example those of one account. They leave it when the last clone
/// is dropped.
#[derive(Clone)]
pub(crate) struct Series {
    pub(super) _collectors: Arc<Vec<Box<dyn Collector>>>,
}

/// The series of one owner in the making.
pub(crate) struct SeriesBuilder<'a> {
    owner: &'a [(&'static str, &'a str)],
    pub(super) collectors: Vec<Box<dyn Collector>>,
    pub(super) definitions: Vec<Definition>,
}

impl<'a> SeriesBuilder<'a> {
    /// `owner`: the labels that all series have in common, with their values.
    pub(crate) fn new(owner: &'a [(&'static str, &'a str)]) -> Self {
        Self {
            owner,
            collectors: Vec::new(),
            definitions: Vec::new(),
        }
    }

    /// A metric of this owner. `labels` are those that it has besides the owner's.
    #[expect(
        clippy::expect_used,
        reason = "declarations are constants with legal names, as a test shows"
    )]
    pub(crate) fn add<F: Family>(&mut self, name: &'static str, labels: &[&'static str], help: &str) -> F {
        let owner = self
            .owner
            .iter()
            .map(|(label, value)| ((*label).to_owned(), (*value).to_owned()));
        let options = Opts::new(name, help).const_labels(owner.collect());
        let family = F::create(options, labels).expect("a declaration is legal");
        self.collectors.push(Box::new(family.clone()));
        let labels = self.owner.iter().map(|(label, _)| label).chain(labels).copied();
        self.definitions.push(Definition::new(name, F::KIND, labels, help));
        family
    }
}

/// A kind of metric of the `prometheus` crate.
pub(crate) trait Family: Collector + Clone + 'static {
    /// What `# TYPE` says.
    const KIND: Kind;
    fn create(options: Opts, labels: &[&str]) -> Result<Self>;
}

impl<P: Atomic + 'static> Family for GenericGauge<P> {
    const KIND: Kind = Kind::Gauge;
    fn create(options: Opts, _: &[&str]) -> Result<Self> {
        Self::with_opts(options)
    }
}

impl<P: Atomic + 'static> Family for GenericGaugeVec<P> {
    const KIND: Kind = Kind::Gauge;
    fn create(options: Opts, labels: &[&str]) -> Result<Self> {
        Self::new(options, labels)
    }
}

impl Family for IntCounter {
    const KIND: Kind = Kind::Counter;
    fn create(options: Opts, _: &[&str]) -> Result<Self> {
        Self::with_opts(options)
    }
}

impl Family for IntCounterVec {
    const KIND: Kind = Kind::Counter;
    fn create(options: Opts, labels: &[&str]) -> Result<Self> {
        Self::new(options, labels)
    }
}

impl Family for HistogramVec {
    const KIND: Kind = Kind::Histogram;
    fn create(options: Opts, labels: &[&str]) -> Result<Self> {
        Self::new(HistogramOpts::from(options).buckets(BUCKETS.to_vec()), labels)
    }
}

impl fmt::Debug for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Series")
    }
}
