//! What is declared of a metric.

/// A metric as it is declared. Documentation and tests are compared with these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The family's name.
    pub name: &'static str,
    /// What kind of metric it is.
    pub kind: Kind,
    /// Its labels; a histogram's `le` is not among them.
    pub labels: &'static [&'static str],
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

impl Definition {
    /// Appends `# HELP` and `# TYPE`.
    pub(crate) fn write_header(&self, out: &mut Vec<u8>) {
        let (name, help, kind) = (self.name, self.help, self.kind.as_str());
        for part in ["# HELP ", name, " ", help, "\n# TYPE ", name, " ", kind, "\n"] {
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
