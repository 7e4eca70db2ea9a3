//! The macro that declares metrics.

/// Declares a struct of metrics: `struct Name[owner labels] { field: Handle[further labels] = "name", "HELP"; }`.
///
/// `Name::DEFINITIONS` lists what is declared; `Name::new(registry, values)` creates the series whose owner labels have
/// these values.
macro_rules! metrics {
    (@labels [$($owner:literal),*] $([$($label:literal),+])?) => { &[$($owner,)* $($($label),+)?] };
    ($(#[$doc:meta])* $vis:vis struct $name:ident $owner:tt {
        $($field:ident: $handle:ident$([$($label:literal),+])? = $metric:literal, $help:literal;)+
    }) => {
        $(#[$doc])*
        #[derive(Debug)]
        $vis struct $name {
            $(#[doc = $help] $vis $field: $crate::metrics::$handle,)+
        }

        impl $name {
            /// Every metric of this struct.
            $vis const DEFINITIONS: &[$crate::metrics::Definition] = &[$($crate::metrics::Definition {
                name: $metric,
                kind: $crate::metrics::$handle::KIND,
                labels: $crate::metrics::metrics!(@labels $owner $([$($label),+])?),
                help: $help,
            },)+];

            /// The series whose owner labels have the values `owner`.
            $vis fn new(registry: &$crate::metrics::Registry, owner: &[&str]) -> Self {
                let mut definitions = Self::DEFINITIONS.iter();
                Self {
                    $($field: $crate::metrics::$handle::new(registry, definitions.next(), owner),)+
                }
            }
        }
    };
}
pub(crate) use metrics;
