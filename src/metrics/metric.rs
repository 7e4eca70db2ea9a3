//! The kinds of metrics that can be declared: those of the `prometheus` crate, and a gauge that may have no value.

use std::time::Duration;

use geelark_client::clock::UnixTime;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Result};

use super::definition::Kind;

/// From a good answer to longer than the longest sensible timeout.
const BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// A metric that can be declared.
pub trait Metric: Collector + Clone + 'static {
    /// What `# TYPE` says.
    const KIND: Kind;
    /// The metric without values; its series differ in `labels`.
    fn create(options: Opts, labels: &[&str]) -> Result<Self>;
}

/// A counter; it begins at 0.
pub type Counter = IntCounter;
/// Counters that differ in further labels.
pub type Counters = IntCounterVec;
/// Histograms of seconds that differ in further labels.
pub type Histograms = HistogramVec;

/// A gauge. It exists while it has a value.
#[derive(Clone)]
pub struct Gauge(GaugeVec);

impl Gauge {
    /// Shows `value`; `None` removes the series.
    pub fn set(&self, value: impl GaugeValue) {
        match value.to_f64() {
            Some(value) => self.0.with_label_values::<&str>(&[]).set(value),
            None => self.0.reset(),
        }
    }
}

impl Collector for Gauge {
    fn desc(&self) -> Vec<&Desc> {
        self.0.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.0.collect()
    }
}

impl Metric for Gauge {
    const KIND: Kind = Kind::Gauge;

    fn create(options: Opts, labels: &[&str]) -> Result<Self> {
        GaugeVec::new(options, labels).map(Self)
    }
}

impl Metric for Counter {
    const KIND: Kind = Kind::Counter;

    fn create(options: Opts, _: &[&str]) -> Result<Self> {
        Self::with_opts(options)
    }
}

impl Metric for Counters {
    const KIND: Kind = Kind::Counter;

    fn create(options: Opts, labels: &[&str]) -> Result<Self> {
        Self::new(options, labels)
    }
}

impl Metric for Histograms {
    const KIND: Kind = Kind::Histogram;

    fn create(options: Opts, labels: &[&str]) -> Result<Self> {
        Self::new(HistogramOpts::from(options).buckets(BUCKETS.to_vec()), labels)
    }
}

/// A value that a gauge can show.
pub trait GaugeValue {
    /// The sample; `None` if there is none.
    fn to_f64(self) -> Option<f64>;
}

impl<T: GaugeValue> GaugeValue for Option<T> {
    fn to_f64(self) -> Option<f64> {
        self.and_then(T::to_f64)
    }
}

macro_rules! gauge_values {
    ($($type:ty: $value:ident => $sample:expr;)+) => {$(
        #[allow(clippy::cast_precision_loss, reason = "counts and times are far below 2^53")]
        impl GaugeValue for $type {
            fn to_f64(self) -> Option<f64> {
                let $value = self;
                Some($sample)
            }
        }
    )+};
}

gauge_values! {
    f64: value => value;
    i64: value => value as f64;
    i32: value => value.into();
    u32: value => value.into();
    usize: value => value as f64;
    bool: value => u8::from(value).into();
    UnixTime: time => time.0 as f64;
    Duration: time => time.as_secs_f64();
}
