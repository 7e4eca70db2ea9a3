//! All declared metrics, and the text of those that have series.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus::core::Collector;
use prometheus::{Encoder, TextEncoder};

use super::definition::{Definition, Kind};
use super::family::Family;

/// What the `prometheus` crate shows of the process, in its words: it declares these itself, and a test compares.
const PROCESS: [(&str, Kind, &str); 7] = [
    (
        "process_cpu_seconds_total",
        Kind::Counter,
        "Total user and system CPU time spent in seconds.",
    ),
    (
        "process_max_fds",
        Kind::Gauge,
        "Maximum number of open file descriptors.",
    ),
    ("process_open_fds", Kind::Gauge, "Number of open file descriptors."),
    (
        "process_resident_memory_bytes",
        Kind::Gauge,
        "Resident memory size in bytes.",
    ),
    (
        "process_start_time_seconds",
        Kind::Gauge,
        "Start time of the process since unix epoch in seconds.",
    ),
    ("process_threads", Kind::Gauge, "Number of OS threads in the process."),
    (
        "process_virtual_memory_bytes",
        Kind::Gauge,
        "Virtual memory size in bytes.",
    ),
];

/// The registry of the exporter's own metrics. A cheap handle.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    prometheus: prometheus::Registry,
    definitions: Vec<Definition>,
    families: Mutex<HashMap<&'static str, Box<dyn Any + Send>>>,
}

impl Registry {
    /// A registry of these metrics and those of the process. A metric that has no series yet is shown with its HELP and
    /// TYPE alone.
    pub fn new(declared: &[&[Definition]]) -> Self {
        let process = PROCESS.map(|(name, kind, help)| Definition {
            name,
            kind,
            labels: &[],
            help,
        });
        let registry = Self(Arc::new(Inner {
            prometheus: prometheus::Registry::new(),
            definitions: declared.concat().into_iter().chain(process).collect(),
            families: Mutex::default(),
        }));
        #[cfg(target_os = "linux")]
        registry.register(prometheus::process_collector::ProcessCollector::for_self());
        registry
    }

    /// Every metric, in the order of its declaration.
    pub fn definitions(&self) -> &[Definition] {
        &self.0.definitions
    }

    /// The family that `definition` declares, registered on first use.
    #[expect(
        clippy::expect_used,
        reason = "declarations are constants with legal names, as tests see"
    )]
    pub(super) fn family<F: Family>(&self, definition: &Definition) -> F {
        let mut families = self.0.families.lock().unwrap_or_else(PoisonError::into_inner);
        let family = families.entry(definition.name).or_insert_with(|| {
            let family = F::create(definition).expect("a declaration is legal");
            self.register(family.clone());
            Box::new(family)
        });
        family.downcast_ref::<F>().expect("a metric has one kind").clone()
    }

    #[expect(clippy::expect_used, reason = "declarations have different names, as tests see")]
    fn register(&self, family: impl Collector + 'static) {
        self.0
            .prometheus
            .register(Box::new(family))
            .expect("no metric is declared twice");
    }

    /// Appends all metrics in the text format, sorted by name and labels.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let families = self.0.prometheus.gather();
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

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registry")
    }
}
