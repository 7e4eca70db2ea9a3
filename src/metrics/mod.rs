//! The exporter's own metrics: each part of the program declares its metrics in one place and owns their series.
//!
//! A room declares a struct of its metrics with `metrics!`: one entry has the name, the kind, the labels and the HELP of
//! a metric. A value of the struct is the series of one owner, for example of one account. The series leave the
//! exposition with the value, so there is no list of series to remove. No value of a metric is read back by the program.
//!
//! This room knows the `prometheus` crate and nothing of the exporter.

mod declare;
mod definition;
mod registry;
mod series;
#[cfg(test)]
mod tests;

pub(crate) use declare::metrics;
pub use definition::{Definition, Kind};
pub(crate) use prometheus::{Gauge, GaugeVec, HistogramVec, IntCounter, IntCounterVec, IntGauge};
pub use registry::Registry;
pub(crate) use series::{Series, SeriesBuilder};
