//! A typed reader of the merged tree. It reports what does not fit and goes on, so that everything is said at once.
//!
//! A getter answers `None` for a key that is absent and for one whose problem it has reported; either way the caller
//! goes on with the default, because with a problem noted no configuration comes of it.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use config::{Map, Value, ValueKind};

use super::field::{Field, List};
use super::keys;
use super::problem::{Diagnostics, Problem, quoted};

/// A section of the tree, its unknown keys already reported.
pub(super) struct Section<'v> {
    path: String,
    origin: &'v str,
    table: Option<&'v Map<String, Value>>,
    /// Something else stands where a section belongs, and the diagnostics say so.
    pub(super) is_refused: bool,
    /// What relative paths written in the file are relative to.
    folder: &'v Path,
}

impl<'v> Section<'v> {
    /// The whole tree.
    pub(super) fn root(value: &'v Value, origin: &'v str, folder: &'v Path, diagnostics: &mut Diagnostics) -> Self {
        Self::open(String::new(), value, origin, folder, diagnostics)
    }

    fn open(path: String, value: &'v Value, origin: &'v str, folder: &'v Path, diagnostics: &mut Diagnostics) -> Self {
        let section = Self {
            origin: value.origin().unwrap_or(origin),
            is_refused: !matches!(value.kind, ValueKind::Table(_) | ValueKind::Nil),
            table: match &value.kind {
                ValueKind::Table(table) => Some(table),
                _ => None,
            },
            path,
            folder,
        };
        if section.is_refused {
            diagnostics.problem(section.problem("is not a section; write its keys below it, each with a colon"));
        }
        section.report_unknown_keys(diagnostics);
        section
    }

    fn report_unknown_keys(&self, diagnostics: &mut Diagnostics) {
        let known = keys::children(&keys::pattern(&self.path));
        let mut unknown: Vec<_> = self
            .table
            .into_iter()
            .flatten()
            .filter(|(key, _)| !known.contains(&key.as_str()))
            .collect();
        unknown.sort_by_key(|(key, _)| key.as_str());
        for (key, value) in unknown {
            let advice = match keys::meant(key, known.iter().copied()) {
                Some(meant) => format!("did you mean \"{meant}\"?"),
                None => format!("known here: {}", known.join(", ")),
            };
            let subject = if self.path.is_empty() { "the file" } else { &self.path };
            let sentence = format!("{subject} has no key {}; {advice}", quoted(key));
            diagnostics.problem(Problem::new(value.origin().unwrap_or(self.origin), sentence));
        }
    }

    /// Where this section is, for people: `accounts[0]`.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// A problem of the section as a whole.
    pub(super) fn problem(&self, wrong: impl Display) -> Problem {
        Problem::new(self.origin, format!("{} {wrong}", self.path))
    }

    pub(super) fn field(&self, key: &'static str) -> Option<Field<'v>> {
        let value = self.table?.get(key)?;
        Some(Field {
            path: match self.path.as_str() {
                "" => key.to_owned(),
                path => format!("{path}.{key}"),
            },
            value,
            origin: value.origin().unwrap_or(self.origin),
            folder: self.folder,
        })
    }

    /// A section inside this one; an absent one is as good as one that is empty.
    pub(super) fn section(&self, key: &'static str, diagnostics: &mut Diagnostics) -> Self {
        match self.field(key) {
            Some(field) => Self::open(field.path, field.value, field.origin, self.folder, diagnostics),
            None => Self {
                path: format!("{}.{key}", self.path).trim_start_matches('.').to_owned(),
                origin: self.origin,
                table: None,
                is_refused: self.is_refused,
                folder: self.folder,
            },
        }
    }

    /// A list of sections, without those that the diagnostics refuse; `None` for a list without entries.
    pub(super) fn sections(&self, key: &'static str, diagnostics: &mut Diagnostics) -> Option<Vec<Self>> {
        let field = self.field(key).filter(|field| !field.is_nil())?;
        let ValueKind::Array(entries) = &field.value.kind else {
            diagnostics.problem(field.problem("is not a list; begin each entry with \"- \""));
            return Some(Vec::new());
        };
        if entries.is_empty() {
            return None;
        }
        let sections = entries.iter().enumerate().map(|(position, entry)| {
            let path = format!("{}[{position}]", field.path);
            Self::open(path, entry, field.origin, self.folder, diagnostics)
        });
        Some(sections.filter(|section| !section.is_refused).collect())
    }

    pub(super) fn duration(
        &self,
        key: &'static str,
        bounds: &RangeInclusive<Duration>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Duration> {
        self.field(key)?.duration(bounds, diagnostics)
    }

    pub(super) fn whole(
        &self,
        key: &'static str,
        bounds: &RangeInclusive<u64>,
        diagnostics: &mut Diagnostics,
    ) -> Option<u64> {
        self.field(key)?.whole(bounds, diagnostics)
    }

    pub(super) fn boolean(&self, key: &'static str, diagnostics: &mut Diagnostics) -> Option<bool> {
        self.field(key)?.boolean(diagnostics)
    }

    /// A list of texts; `None` for an absent one.
    pub(super) fn list(&self, key: &'static str, diagnostics: &mut Diagnostics) -> Option<List<'v>> {
        let field = self.field(key).filter(|field| !field.is_nil())?;
        Some(field.list(diagnostics))
    }
}
