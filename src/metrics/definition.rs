//! What is declared of a metric.

/// A metric as it is declared. The documentation is compared with these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The family's name.
    pub name: String,
    /// What kind of metric it is.
    pub kind: Kind,
    /// Its labels; a histogram's `le` is not among them.
    pub labels: Vec<String>,
    /// The HELP text: one line, without a backslash.
    pub help: String,
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
    pub(crate) fn new<'a>(name: &str, kind: Kind, labels: impl IntoIterator<Item = &'a str>, help: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            labels: labels.into_iter().map(str::to_owned).collect(),
            help: help.to_owned(),
        }
    }

    /// The lines `# HELP` and `# TYPE`.
    pub(crate) fn header(&self) -> String {
        let Self { name, kind, help, .. } = self;
        format!("# HELP {name} {help}\n# TYPE {name} {}\n", kind.as_str())
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
