//! The macro that declares metrics.

/// Declares a struct of metrics: `struct Name[owner labels] { field: Metric[further labels] = "name", "HELP"; }`.
///
/// `Name::DEFINITIONS` lists what is declared; `Name::new(registry, values)` creates the series whose owner labels have
/// these values. The struct is a cheap handle. The series disappear when the last clone is dropped.
macro_rules! metrics {
    (@define [$($owner:literal),*] $metric:ident [$($label:literal),*] $name:literal $help:literal) => {
        $crate::metrics::Definition {
            name: $name,
            kind: <$crate::metrics::$metric as $crate::metrics::Metric>::KIND,
            labels: &[$($owner,)* $($label),*],
            help: $help,
        }
    };
    ($(#[$doc:meta])* $vis:vis struct $struct:ident $owner:tt {
        $($field:ident: $metric:ident$([$($label:literal),+])? = $name:literal, $help:literal;)+
    }) => {
        $(#[$doc])*
        #[derive(Clone)]
        $vis struct $struct {
            $(#[doc = $help] $vis $field: $crate::metrics::$metric,)+
            _series: std::sync::Arc<$crate::metrics::Series>,
        }

        impl $struct {
            /// Every metric of this struct.
            $vis const DEFINITIONS: &[$crate::metrics::Definition] = &[
                $($crate::metrics::metrics!(@define $owner $metric [$($($label),+)?] $name $help),)+
            ];

            /// The series whose owner labels have the values `owner`.
            $vis fn new(registry: &$crate::metrics::Registry, owner: &[&str]) -> Self {
                let mut series = $crate::metrics::Series::new(registry);
                Self {
                    $($field: series.add(
                        &$crate::metrics::metrics!(@define $owner $metric [$($($label),+)?] $name $help),
                        owner,
                    ),)+
                    _series: std::sync::Arc::new(series),
                }
            }
        }
    };
}
pub(crate) use metrics;
