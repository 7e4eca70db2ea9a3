//! How a room declares its metrics.

/// Declares a struct of metrics in one place:
///
/// ```text
/// metrics! {
///     /// What is counted of one account's queue.
///     pub(crate) struct QueueMetrics(account) {
///         entries: IntCounterVec[result] = "geelark_queue_entries_total", "Entries of the queue, by result.";
///     }
/// }
/// ```
///
/// `QueueMetrics::new(registry, account)` makes the series of an owner, here of one account: all of them have the label
/// `account`, and `entries` has `result` besides. They are shown until the last clone of the struct is dropped.
/// `QueueMetrics::declare(registry)` shows HELP and TYPE before there is an owner.
macro_rules! metrics {
    ($(#[$doc:meta])* $vis:vis struct $name:ident($($owner:ident),*) {
        $($field:ident: $kind:ident$([$($label:ident),+])? = $metric:literal, $help:literal;)+
    }) => {
        $(#[$doc])*
        #[derive(Clone)]
        $vis struct $name {
            $(#[doc = $help] $vis $field: $crate::metrics::$kind,)+
            _series: $crate::metrics::Series,
        }

        impl $name {
            /// The series of one owner.
            $vis fn new(registry: &$crate::metrics::Registry, $($owner: &str),*) -> Self {
                let owner = [$((stringify!($owner), $owner)),*];
                let mut series = $crate::metrics::SeriesBuilder::new(&owner);
                Self {
                    $($field: series.add($metric, &[$($(stringify!($label)),+)?], $help),)+
                    _series: registry.show(series),
                }
            }

            /// Shows HELP and TYPE from now on, even while there are no series.
            $vis fn declare(registry: &$crate::metrics::Registry) {
                drop(Self::new(registry, $(stringify!($owner)),*));
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}
pub(crate) use metrics;
