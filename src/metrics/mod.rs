//! The exporter's own metrics: each part of the program declares its own in one place and owns their series.
//!
//! A room declares a struct of its metrics with the `metrics!` macro: name, kind, labels and HELP stand in one
//! entry. The struct's fields are the series of one owner, for example of one account. They disappear from the
//! exposition when the struct is dropped, so no list of series to remove exists. Nothing reads a value back.

mod calls;
mod declare;
mod definition;
mod metric;
mod registry;
mod shown;

pub use calls::CallMetrics;
pub(crate) use declare::metrics;
pub use definition::{Definition, Kind};
pub use metric::{Counter, Counters, Gauge, GaugeValue, Histograms, Metric};
pub use registry::{Registry, Series};
pub use shown::{ShowValue, Shown};
