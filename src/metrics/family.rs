//! The families of the `prometheus` crate that metrics are made of.

use prometheus::core::Collector;
use prometheus::{GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Result};

use super::definition::{Definition, Kind};

/// From a good answer to longer than the longest sensible timeout.
const BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// A family of the `prometheus` crate.
pub trait Family: Collector + Clone + Send + 'static {
    /// What `# TYPE` says.
    const KIND: Kind;
    /// One series.
    type Metric;
    /// The family without series.
    fn create(definition: &Definition) -> Result<Self>;
    /// The series with these label values; it exists from now on.
    fn series(&self, values: &[&str]) -> Self::Metric;
    /// Removes the series with these label values.
    fn remove(&self, values: &[&str]);
}

macro_rules! family {
    ($family:ty, $metric:ty, $kind:expr, $options:expr) => {
        impl Family for $family {
            const KIND: Kind = $kind;
            type Metric = $metric;

            fn create(definition: &Definition) -> Result<Self> {
                Self::new($options(definition), definition.labels)
            }

            fn series(&self, values: &[&str]) -> Self::Metric {
                self.with_label_values(values)
            }

            fn remove(&self, values: &[&str]) {
                // Fails only for a series that is not there.
                let _ = self.remove_label_values(values);
            }
        }
    };
}

fn options(definition: &Definition) -> Opts {
    Opts::new(definition.name, definition.help)
}

family!(GaugeVec, prometheus::Gauge, Kind::Gauge, options);
family!(IntCounterVec, IntCounter, Kind::Counter, options);
family!(HistogramVec, Histogram, Kind::Histogram, |definition| {
    HistogramOpts::from(options(definition)).buckets(BUCKETS.to_vec())
});
