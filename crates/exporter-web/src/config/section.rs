//! A YAML mapping, read key by key; what nobody asked for is a problem.

use std::path::Path;

use yaml_rust2::Yaml;

/// What is wrong with the file.
pub(super) struct Report {
    file: String,
    pub(super) sentences: Vec<String>,
}

impl Report {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            file: path.display().to_string(),
            sentences: Vec::new(),
        }
    }

    /// A problem of one key.
    pub(super) fn add(&mut self, path: &str, what: &str) {
        self.sentences.push(format!("{}: {path}: {what}", self.file));
    }

    /// The value, or else a problem of one key.
    pub(super) fn check<T, E>(
        &mut self,
        path: &str,
        result: Result<T, E>,
        what: impl FnOnce(E) -> String,
    ) -> Option<T> {
        result.map_err(|error| self.add(path, &what(error))).ok()
    }

    /// A problem of the whole file.
    pub(super) fn whole(&mut self, what: &str) {
        self.sentences.push(format!("{}: {what}", self.file));
    }
}

/// One mapping and where it stands.
pub(super) struct Section<'a> {
    path: String,
    entries: Vec<(&'a str, &'a Yaml)>,
    known: Vec<&'static str>,
}

impl<'a> Section<'a> {
    /// `None`, and perhaps a problem, for what is no mapping.
    pub(super) fn new(path: String, yaml: &'a Yaml, report: &mut Report) -> Option<Self> {
        let Some(hash) = yaml.as_hash() else {
            match path.as_str() {
                "" => report.whole("is no mapping; write sections such as tls_server_config: with keys below them"),
                path => report.add(path, "is no mapping; write keys below it, indented"),
            }
            return None;
        };
        let mut entries = Vec::new();
        for (key, value) in hash {
            match key.as_str() {
                Some(key) => entries.push((key, value)),
                None => match path.as_str() {
                    "" => report.whole("a key is not text; put it in quotes"),
                    path => report.add(path, "a key is not text; put it in quotes"),
                },
            }
        }
        let known = Vec::new();
        Some(Self { path, entries, known })
    }

    /// Where `key` stands in the file.
    pub(super) fn path(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Every key with its value, for mappings whose keys are free.
    pub(super) fn entries(&self) -> &[(&'a str, &'a Yaml)] {
        &self.entries
    }

    /// The value of `key`; one that is null is as good as missing.
    fn take(&mut self, key: &'static str) -> Option<&'a Yaml> {
        self.known.push(key);
        let (_, value) = self.entries.iter().find(|(name, _)| *name == key)?;
        (!value.is_null()).then_some(value)
    }

    /// The mapping below `key`; an empty one is as good as missing.
    pub(super) fn section(&mut self, key: &'static str, report: &mut Report) -> Option<Self> {
        let value = self.take(key)?;
        Self::new(self.path(key), value, report).filter(|section| !section.entries.is_empty())
    }

    /// The text at `key`; a blank one is as good as missing.
    pub(super) fn text(&mut self, key: &'static str, report: &mut Report) -> Option<String> {
        let value = self.take(key)?;
        let text = scalar(value);
        if text.is_none() {
            report.add(&self.path(key), "is no text; write one value, in quotes if need be");
        }
        text.filter(|text| !text.trim().is_empty())
    }

    /// The yes or no at `key`.
    pub(super) fn flag(&mut self, key: &'static str, report: &mut Report) -> Option<bool> {
        let value = self.take(key)?;
        let flag = value.as_bool();
        if flag.is_none() {
            report.add(&self.path(key), "is neither true nor false; write one of them");
        }
        flag
    }

    /// The whole number at `key`.
    pub(super) fn number(&mut self, key: &'static str, report: &mut Report) -> Option<i64> {
        let value = self.take(key)?;
        let number = value.as_i64();
        if number.is_none() {
            report.add(&self.path(key), "is no whole number; write one");
        }
        number
    }

    /// The list of texts at `key`; missing and empty are the same.
    pub(super) fn texts(&mut self, key: &'static str, report: &mut Report) -> Vec<String> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        let texts: Option<Vec<_>> = value.as_vec().and_then(|list| list.iter().map(scalar).collect());
        texts.unwrap_or_else(|| {
            report.add(
                &self.path(key),
                "is no list of texts; write one below it, each line with a dash",
            );
            Vec::new()
        })
    }

    /// Complains of the keys that nobody asked for.
    pub(super) fn finish(self, report: &mut Report) {
        for (key, _) in &self.entries {
            if !self.known.contains(key) {
                report.add(
                    &self.path(key),
                    &format!("is no known key; remove it or write one of: {}", self.known.join(", ")),
                );
            }
        }
    }
}

/// A scalar as text: `X-XSS-Protection: 0` is meant as text, though YAML sees a number.
pub(super) fn scalar(yaml: &Yaml) -> Option<String> {
    match yaml {
        Yaml::String(text) | Yaml::Real(text) => Some(text.clone()),
        Yaml::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}
