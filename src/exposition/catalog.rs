//! What is said about a metric, in one form for all of them.

use std::borrow::Cow;

use super::definitions;
use super::families::{BEYOND_PARALLELS, FAMILIES, PHONES, PhoneFamily};

/// A metric as it is definitions: documentation and tests are checked against these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricInfo {
    /// The family's name.
    pub name: &'static str,
    /// What kind of metric it is.
    pub kind: Kind,
    /// Its labels; a histogram's `le` is not among them.
    pub labels: Cow<'static, [&'static str]>,
    /// The HELP text: one line, without a backslash.
    pub help: &'static str,
}

/// The kinds of metrics in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// May go up and down.
    Gauge,
    /// Only goes up, or back to 0 at a restart.
    Counter,
    /// Counts observations in buckets.
    Histogram,
}

/// Every metric there is, in the order of the exposition's parts: phones, their numbers, the exporter itself, its process.
pub fn catalog() -> Vec<MetricInfo> {
    FAMILIES
        .iter()
        .map(PhoneFamily::info)
        .chain([PHONES, BEYOND_PARALLELS])
        .chain(definitions::all())
        .collect()
}

impl MetricInfo {
    /// Appends `# HELP` and `# TYPE`.
    pub(super) fn write_header(&self, out: &mut Vec<u8>) {
        for part in [
            "# HELP ",
            self.name,
            " ",
            self.help,
            "\n# TYPE ",
            self.name,
            " ",
            self.kind.as_str(),
            "\n",
        ] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}

impl Kind {
    /// The word that `# TYPE` uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        }
    }
}
