//! All declared metrics, and the text of those that have series.

use std::sync::Arc;

use prometheus::core::Collector;
use prometheus::{Encoder, Opts, TextEncoder};

use super::definition::{Definition, Kind};
use super::metric::Metric;

/// Name and HELP of what the `prometheus` crate shows of the process. It declares these itself, and a test compares.
const PROCESS: [(&str, &str); 7] = [
    (
        "process_cpu_seconds_total",
        "Total user and system CPU time spent in seconds.",
    ),
    ("process_max_fds", "Maximum number of open file descriptors."),
    ("process_open_fds", "Number of open file descriptors."),
    ("process_resident_memory_bytes", "Resident memory size in bytes."),
    (
        "process_start_time_seconds",
        "Start time of the process since unix epoch in seconds.",
    ),
    ("process_threads", "Number of OS threads in the process."),
    ("process_virtual_memory_bytes", "Virtual memory size in bytes."),
];

/// The registry of the exporter's own metrics. A cheap handle.
#[derive(Clone)]
pub struct Registry {
    registered: prometheus::Registry,
    definitions: Arc<[Definition]>,
}

/// The registered series of one owner. They disappear when this is dropped.
pub struct Series {
    registry: prometheus::Registry,
    registered: Vec<Box<dyn Collector>>,
}

impl Registry {
    /// A registry of these metrics and those of the process. A metric that has no series yet is shown with its HELP and
    /// TYPE alone.
    pub fn new(declared: &[&[Definition]]) -> Self {
        let registered = prometheus::Registry::new();
        // This fails only for a metric that is registered already.
        #[cfg(target_os = "linux")]
        let _ = registered.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()));
        let process = PROCESS.map(|(name, help)| Definition {
            name,
            kind: if name.ends_with("_total") {
                Kind::Counter
            } else {
                Kind::Gauge
            },
            labels: &[],
            help,
        });
        Self {
            registered,
            definitions: declared.concat().into_iter().chain(process).collect(),
        }
    }

    /// Every metric, in the order of its declaration.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// Appends all metrics in the text format, sorted by name and labels.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let families = self.registered.gather();
        for definition in self.definitions() {
            if families.iter().all(|family| family.name() != definition.name) {
                definition.write_header(out);
            }
        }
        #[expect(
            clippy::expect_used,
            reason = "a vector takes all writes, and gathered families have samples"
        )]
        TextEncoder::new()
            .encode(&families, out)
            .expect("gathered families can be encoded");
    }
}

impl Series {
    /// No series.
    pub(crate) fn new(registry: &Registry) -> Self {
        Self {
            registry: registry.registered.clone(),
            registered: Vec::new(),
        }
    }

    /// Registers the metric that `definition` declares; its first labels have the values `owner`.
    pub(crate) fn add<M: Metric>(&mut self, definition: &Definition, owner: &[&str]) -> M {
        let (owner_labels, labels) = definition.labels.split_at(owner.len());
        let mut options = Opts::new(definition.name, definition.help);
        for (label, value) in owner_labels.iter().zip(owner) {
            options = options.const_label(*label, *value);
        }
        #[expect(
            clippy::expect_used,
            reason = "declarations are constants with legal names, as tests see"
        )]
        let metric = M::create(options, labels).expect("a declaration is legal");
        // This fails while the series of an earlier owner with these labels exist. They are shown then.
        if self.registry.register(Box::new(metric.clone())).is_ok() {
            self.registered.push(Box::new(metric.clone()));
        }
        metric
    }
}

impl Drop for Series {
    fn drop(&mut self) {
        for metric in self.registered.drain(..) {
            // This fails only for a metric that is not registered.
            let _ = self.registry.unregister(metric);
        }
    }
}
