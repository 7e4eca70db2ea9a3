//! A typed reader of the merged tree. It reports what does not fit and goes on, so that everything is said at once.
//!
//! A getter answers `None` for a key that is absent and for one whose problem it has reported; either way the caller
//! goes on with the default, because with a problem noted no configuration comes of it.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::{Map, Value, ValueKind};

use super::environment;
use super::keys;
use super::problem::{Notes, Problem, quoted};

/// A section of the tree, its unknown keys already reported.
pub(super) struct Section<'v> {
    path: String,
    origin: &'v str,
    table: Option<&'v Map<String, Value>>,
    /// Something else stands where a section belongs, and the notes say so.
    pub(super) is_refused: bool,
    /// What relative paths written in the file are relative to.
    folder: &'v Path,
}

impl<'v> Section<'v> {
    /// The whole tree.
    pub(super) fn root(value: &'v Value, origin: &'v str, folder: &'v Path, notes: &mut Notes) -> Self {
        Self::open(String::new(), value, origin, folder, notes)
    }

    fn open(path: String, value: &'v Value, origin: &'v str, folder: &'v Path, notes: &mut Notes) -> Self {
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
            notes.problem(section.problem("is not a section; write its keys below it, each with a colon"));
        }
        section.report_unknown_keys(notes);
        section
    }

    fn report_unknown_keys(&self, notes: &mut Notes) {
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
            notes.problem(Problem::new(value.origin().unwrap_or(self.origin), sentence));
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
    pub(super) fn section(&self, key: &'static str, notes: &mut Notes) -> Self {
        match self.field(key) {
            Some(field) => Self::open(field.path, field.value, field.origin, self.folder, notes),
            None => Self {
                path: format!("{}.{key}", self.path).trim_start_matches('.').to_owned(),
                origin: self.origin,
                table: None,
                is_refused: self.is_refused,
                folder: self.folder,
            },
        }
    }

    /// A list of sections, without those that the notes refuse; `None` for a list without entries.
    pub(super) fn sections(&self, key: &'static str, notes: &mut Notes) -> Option<Vec<Self>> {
        let field = self.field(key).filter(|field| !field.is_nil())?;
        let ValueKind::Array(entries) = &field.value.kind else {
            notes.problem(field.problem("is not a list; begin each entry with \"- \""));
            return Some(Vec::new());
        };
        if entries.is_empty() {
            return None;
        }
        let sections = entries.iter().enumerate().map(|(position, entry)| {
            let path = format!("{}[{position}]", field.path);
            Self::open(path, entry, field.origin, self.folder, notes)
        });
        Some(sections.filter(|section| !section.is_refused).collect())
    }

    pub(super) fn duration(
        &self,
        key: &'static str,
        bounds: &RangeInclusive<Duration>,
        notes: &mut Notes,
    ) -> Option<Duration> {
        let field = self.field(key)?;
        let text = field.text(notes)?;
        match duration(&text, bounds) {
            Ok(duration) => Some(duration),
            Err(wrong) => {
                notes.problem(field.problem(wrong));
                None
            }
        }
    }

    pub(super) fn whole(&self, key: &'static str, bounds: &RangeInclusive<u64>, notes: &mut Notes) -> Option<u64> {
        let field = self.field(key)?;
        let shown = match &field.value.kind {
            ValueKind::Float(number) => number.to_string(),
            _ => field.text(notes)?,
        };
        let (least, most) = (bounds.start(), bounds.end());
        let wrong = match shown.parse::<u64>() {
            Ok(number) if bounds.contains(&number) => return Some(number),
            Ok(_) => format!("is {}; it must be from {least} to {most}", quoted(&shown)),
            Err(_) => format!(
                "is {}, which is not a whole number from {least} to {most}; write one",
                quoted(&shown)
            ),
        };
        notes.problem(field.problem(wrong));
        None
    }

    /// The entries of a list of texts, bad ones reported and left out. A variable gives them with commas between.
    pub(super) fn list(&self, key: &'static str, notes: &mut Notes) -> Option<List<'v>> {
        let field = self.field(key).filter(|field| !field.is_nil())?;
        let mut list = List {
            entries: Vec::new(),
            is_empty: false,
            folder: field.folder(),
            path: field.path.clone(),
        };
        match &field.value.kind {
            ValueKind::Array(values) => {
                list.is_empty = values.is_empty();
                for (position, value) in values.iter().enumerate() {
                    let entry = Field {
                        path: String::new(),
                        value,
                        origin: value.origin().unwrap_or(field.origin),
                        folder: self.folder,
                    };
                    match scalar(value) {
                        Ok(text) => list.entries.push((position, text, entry.origin)),
                        Err(wrong) => notes.problem(list.problem_at(position, entry.origin, wrong)),
                    }
                }
            }
            ValueKind::String(text) if environment::is_origin(field.origin) => {
                list.entries = text
                    .split(',')
                    .enumerate()
                    .map(|(position, text)| (position, text.trim().to_owned(), field.origin))
                    .collect();
            }
            _ => notes.problem(field.problem("is not a list; write its entries in [ ], with commas between")),
        }
        Some(list)
    }
}

/// A list of texts with their positions and origins.
pub(super) struct List<'v> {
    path: String,
    /// What relative paths in it are relative to.
    pub(super) folder: &'v Path,
    /// Nothing was written in it, neither good nor bad.
    pub(super) is_empty: bool,
    pub(super) entries: Vec<(usize, String, &'v str)>,
}

impl List<'_> {
    pub(super) fn problem_at(&self, position: usize, origin: &str, wrong: impl Display) -> Problem {
        Problem::new(origin, format!("{}[{position}] {wrong}", self.path))
    }
}

/// One key's value.
pub(super) struct Field<'v> {
    pub(super) path: String,
    value: &'v Value,
    origin: &'v str,
    folder: &'v Path,
}

impl<'v> Field<'v> {
    pub(super) fn problem(&self, wrong: impl Display) -> Problem {
        Problem::new(self.origin, format!("{} {wrong}", self.path))
    }

    pub(super) fn is_from_environment(&self) -> bool {
        environment::is_origin(self.origin)
    }

    fn is_nil(&self) -> bool {
        matches!(self.value.kind, ValueKind::Nil)
    }

    pub(super) fn text(&self, notes: &mut Notes) -> Option<String> {
        match scalar(self.value) {
            Ok(text) => Some(text),
            Err(wrong) => {
                notes.problem(self.problem(wrong));
                None
            }
        }
    }

    /// Files named in the file are found from its folder, files named by a variable from where the exporter runs.
    fn folder(&self) -> &'v Path {
        if self.is_from_environment() {
            Path::new("")
        } else {
            self.folder
        }
    }

    pub(super) fn file(&self, notes: &mut Notes) -> Option<PathBuf> {
        let text = self.text(notes)?;
        if text.trim().is_empty() {
            notes.problem(self.problem("is blank; name a file"));
            return None;
        }
        Some(self.folder().join(text))
    }
}

/// The exact text of a value, or what is wrong with it. The value itself is not repeated: it may be a secret.
fn scalar(value: &Value) -> Result<String, &'static str> {
    match &value.kind {
        ValueKind::String(text) => Ok(text.clone()),
        ValueKind::I64(number) => Ok(number.to_string()),
        ValueKind::Boolean(word) => Ok(word.to_string()),
        ValueKind::Nil => Err("has no value; give it one or remove it"),
        ValueKind::Array(_) => Err("is a list; write a single value"),
        ValueKind::Table(_) => Err("is a section; write a single value"),
        _ => Err("is a number with a point or an exponent, whose digits YAML does not keep; put it in quotes"),
    }
}

fn duration(text: &str, bounds: &RangeInclusive<Duration>) -> Result<Duration, String> {
    let shown = quoted(text);
    let digits = text.trim();
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        let advice = if digits == "0" { "60" } else { digits };
        return Err(format!("is {shown}, a number without a unit; write \"{advice}s\""));
    }
    let Ok(duration) = humantime::parse_duration(text) else {
        return Err(format!(
            "is {shown}, which is not a duration; write it like \"60s\", \"5m\" or \"1h 30m\""
        ));
    };
    if bounds.contains(&duration) {
        return Ok(duration);
    }
    let (least, most) = (in_words(*bounds.start()), in_words(*bounds.end()));
    Err(format!("is {shown}; it must be from {least} to {most}"))
}

/// A duration as one would write it in the file.
pub(super) fn in_words(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}
