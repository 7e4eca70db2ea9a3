//! What is declared, and the text of the series that exist.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use prometheus::core::Collector;
use prometheus::proto::{LabelPair, Metric, MetricFamily};
use prometheus::{Encoder, TextEncoder};

use super::definition::{Definition, Kind};
use super::series::{Series, SeriesBuilder};

/// The exporter's own metrics and those of its process. A cheap handle.
#[derive(Clone, Default)]
pub struct Registry(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// By name. A metric stays declared when its series are gone.
    definitions: BTreeMap<String, Definition>,
    /// The oldest come first.
    owners: Vec<Weak<Vec<Box<dyn Collector>>>>,
    process: Option<Series>,
}

impl Registry {
    /// A registry of the process's metrics alone. The `prometheus` crate declares them.
    pub fn new() -> Self {
        let registry = Self::default();
        #[cfg(target_os = "linux")]
        {
            let process = prometheus::process_collector::ProcessCollector::for_self();
            let mut series = SeriesBuilder::new(&[]);
            series.definitions.extend(process.desc().iter().map(|desc| {
                let is_counter = desc.fq_name.ends_with("_total");
                let kind = if is_counter { Kind::Counter } else { Kind::Gauge };
                Definition::new(&desc.fq_name, kind, [], &desc.help)
            }));
            series.collectors.push(Box::new(process));
            let process = registry.show(series);
            registry.lock().process = Some(process);
        }
        registry
    }

    /// Declares the metrics of `series` and shows the series as long as the returned handle exists.
    pub(crate) fn show(&self, series: SeriesBuilder) -> Series {
        let collectors = Arc::new(series.collectors);
        let mut inner = self.lock();
        let definitions = series.definitions.into_iter();
        inner
            .definitions
            .extend(definitions.map(|definition| (definition.name.clone(), definition)));
        inner.owners.retain(|owner| owner.strong_count() > 0);
        inner.owners.push(Arc::downgrade(&collectors));
        Series {
            _collectors: collectors,
        }
    }

    /// Every metric that was declared, sorted by name.
    pub(crate) fn definitions(&self) -> Vec<Definition> {
        self.lock().definitions.values().cloned().collect()
    }

    /// Appends all metrics in the text format, sorted by name and labels. Of a metric without series HELP and TYPE are
    /// shown alone.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let inner = self.lock();
        let mut families: HashMap<String, MetricFamily> = HashMap::new();
        // The newest owner comes first: while its predecessor still exists, its series are the ones that count.
        for owner in inner.owners.iter().rev().filter_map(Weak::upgrade) {
            for mut collected in owner.iter().flat_map(|collector| collector.collect()) {
                let metrics = collected.take_metric();
                let family = families.entry(collected.name().to_owned()).or_insert(collected);
                family.mut_metric().extend(metrics);
            }
        }
        for (name, definition) in &inner.definitions {
            let Some(family) = families.get_mut(name).filter(|family| !family.get_metric().is_empty()) else {
                out.extend_from_slice(definition.header().as_bytes());
                continue;
            };
            let metrics = family.mut_metric();
            metrics.sort_by(|a, b| label_values(a).cmp(label_values(b)));
            metrics.dedup_by(|a, b| a.get_label() == b.get_label());
            #[expect(
                clippy::expect_used,
                reason = "a vector takes all writes, and the family has samples"
            )]
            TextEncoder::new()
                .encode(std::slice::from_ref(family), out)
                .expect("the family can be encoded");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Each change is complete after one assignment, so a poisoned lock guards sound values.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn label_values(metric: &Metric) -> impl Iterator<Item = &str> {
    metric.get_label().iter().map(LabelPair::value)
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registry")
    }
}
