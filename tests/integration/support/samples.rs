//! A strict parser of the text format, written from the format's description and independent of the exporter.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
    /// Whether the value can only rise while the process lives: it belongs to a counter or a histogram.
    pub(crate) is_monotonic: bool,
}

/// The family of the current lines, from its header.
#[derive(Default)]
struct Family<'a> {
    name: &'a str,
    kind: &'a str,
}

impl Family<'_> {
    fn has(&self, name: &str) -> bool {
        let part = name.strip_prefix(self.name);
        part.is_some_and(|part| match self.kind {
            "counter" | "gauge" => part.is_empty(),
            "histogram" => ["_bucket", "_sum", "_count"].contains(&part),
            _ => false,
        })
    }
}

/// All samples of one scrape.
#[derive(Clone, Debug)]
pub(crate) struct Samples(Vec<Sample>);

impl Samples {
    /// Panics when the text breaks the format, when a series occurs twice, and when a family is split or has no header.
    pub(crate) fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has no line feed");
        let mut samples: Vec<Sample> = Vec::new();
        let (mut all_series, mut families) = (BTreeSet::new(), BTreeSet::new());
        let mut family = Family::default();
        for line in text.split_terminator('\n') {
            if let Some(header) = line.strip_prefix("# HELP ") {
                let (name, kind) = (header.split(' ').next().unwrap(), "");
                assert!(families.insert(name), "a second family {name}");
                family = Family { name, kind };
            } else if let Some(header) = line.strip_prefix("# TYPE ") {
                let (name, kind) = header.split_once(' ').unwrap();
                assert_eq!((name, ""), (family.name, family.kind), "{line}");
                family = Family { name, kind };
            } else {
                let mut sample = Self::line(line).unwrap_or_else(|| panic!("not a sample: {line:?}"));
                assert!(family.has(&sample.name), "{line:?} is in the family {}", family.name);
                sample.is_monotonic = family.kind != "gauge";
                let series = (sample.name.clone(), sample.labels.clone());
                assert!(all_series.insert(series), "the series occurs twice: {line:?}");
                samples.push(sample);
            }
        }
        Self(samples)
    }

    fn line(line: &str) -> Option<Sample> {
        let end_of_name = line.find(['{', ' '])?;
        let (name, mut rest) = line.split_at(end_of_name);
        let mut labels = BTreeMap::new();
        if let Some(inner) = rest.strip_prefix('{') {
            rest = inner;
            loop {
                let (label, after) = rest.split_once("=\"")?;
                let (value, after) = Self::quoted(after)?;
                labels.insert(label.to_owned(), value).is_none().then_some(())?;
                let Some(more) = after.strip_prefix(',') else {
                    rest = after.strip_prefix('}')?;
                    break;
                };
                rest = more;
            }
        }
        let value = rest.strip_prefix(' ')?;
        let value = match value {
            "+Inf" => f64::INFINITY,
            other => other.parse().ok()?,
        };
        Some(Sample {
            name: name.to_owned(),
            labels,
            value,
            is_monotonic: false,
        })
    }

    /// The unescaped text up to the closing quote, and what follows it.
    fn quoted(text: &str) -> Option<(String, &str)> {
        let mut value = String::new();
        let mut chars = text.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => return Some((value, &text[at + 1..])),
                '\\' => value.push(match chars.next()?.1 {
                    'n' => '\n',
                    '\\' => '\\',
                    '"' => '"',
                    _ => return None,
                }),
                other => value.push(other),
            }
        }
        None
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Sample> {
        self.0.iter()
    }

    /// All samples of a metric.
    pub(crate) fn of(&self, name: &str) -> Vec<&Sample> {
        self.0.iter().filter(|sample| sample.name == name).collect()
    }

    /// The sample with these labels and perhaps others, or `None`. Panics when there are several.
    pub(crate) fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<&Sample> {
        let has = |sample: &Sample| {
            labels
                .iter()
                .all(|(label, value)| sample.labels.get(*label).map(String::as_str) == Some(*value))
        };
        let found: Vec<&Sample> = self.of(name).into_iter().filter(|sample| has(sample)).collect();
        assert!(found.len() < 2, "{name} with {labels:?} is ambiguous: {found:?}");
        found.first().copied()
    }

    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.find(name, labels).map(|sample| sample.value)
    }
}
