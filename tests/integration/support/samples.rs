//! A strict reader of the text format, written from its description and not from our writer.

use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

/// All samples of one scrape.
#[derive(Clone, Debug)]
pub(crate) struct Samples(Vec<Sample>);

impl Samples {
    /// Panics on anything the format does not allow, and on two samples of one series.
    pub(crate) fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has no end");
        let mut samples: Vec<Sample> = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for line in text.split_terminator('\n').filter(|line| !line.starts_with('#')) {
            let sample = Self::line(line).unwrap_or_else(|| panic!("not a sample: {line:?}"));
            let series = (sample.name.clone(), sample.labels.clone());
            assert!(seen.insert(series), "twice: {line:?}");
            samples.push(sample);
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

    /// All samples of a metric.
    pub(crate) fn of(&self, name: &str) -> Vec<&Sample> {
        self.0.iter().filter(|sample| sample.name == name).collect()
    }

    /// The sample that has at least these labels; `None` without one, a panic with several.
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
