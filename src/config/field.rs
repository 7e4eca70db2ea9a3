//! One key's value, read as what it is wanted for: a text, a number, a duration, a file, a list.
//!
//! What does not fit is noted, and `None` comes of it.

use std::fmt::{self, Display};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::{Value, ValueKind};

use super::environment;
use super::problem::{Diagnostics, Problem, quoted};

/// One key's value.
pub(super) struct Field<'v> {
    pub(super) path: String,
    pub(super) value: &'v Value,
    pub(super) origin: &'v str,
    /// What relative paths written in the file are relative to.
    pub(super) folder: &'v Path,
}

impl<'v> Field<'v> {
    pub(super) fn problem(&self, wrong: impl Display) -> Problem {
        Problem::new(self.origin, format!("{} {wrong}", self.path))
    }

    pub(super) fn is_from_environment(&self) -> bool {
        environment::is_origin(self.origin)
    }

    pub(super) fn is_nil(&self) -> bool {
        matches!(self.value.kind, ValueKind::Nil)
    }

    pub(super) fn text(&self, diagnostics: &mut Diagnostics) -> Option<String> {
        let text = scalar(self.value).map_err(|wrong| wrong.with(self.value));
        self.noted(text, diagnostics)
    }

    pub(super) fn duration(
        &self,
        bounds: &RangeInclusive<Duration>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Duration> {
        let text = self.number_or_text(diagnostics)?;
        self.noted(duration(&text, bounds), diagnostics)
    }

    pub(super) fn whole(&self, bounds: &RangeInclusive<u64>, diagnostics: &mut Diagnostics) -> Option<u64> {
        let text = self.number_or_text(diagnostics)?;
        self.noted(whole(&text, bounds), diagnostics)
    }

    pub(super) fn boolean(&self, diagnostics: &mut Diagnostics) -> Option<bool> {
        let text = self.number_or_text(diagnostics)?;
        self.noted(boolean(&text), diagnostics)
    }

    /// The value as a list of texts. A variable gives them with commas between.
    pub(super) fn list(&self, diagnostics: &mut Diagnostics) -> List<'v> {
        let mut list = List {
            entries: Vec::new(),
            is_refused: false,
            folder: self.folder(),
            path: self.path.clone(),
        };
        let entry = |(position, text), origin| Entry { position, text, origin };
        match &self.value.kind {
            ValueKind::Array(values) => {
                let values = values.iter().enumerate();
                list.entries = values
                    .map(|(position, value)| {
                        let text = scalar(value).map_err(|wrong| wrong.with(value));
                        entry((position, text), value.origin().unwrap_or(self.origin))
                    })
                    .collect();
            }
            ValueKind::String(text) if self.is_from_environment() => {
                let texts = text.split(',').map(|text| Ok(text.trim().to_owned()));
                list.entries = texts.enumerate().map(|text| entry(text, self.origin)).collect();
            }
            _ => {
                list.is_refused = true;
                diagnostics.problem(self.problem("is not a list; write its entries in [ ], with commas between"));
            }
        }
        list
    }

    /// Like [`Field::text`], where a fraction is as good a text to complain about as any other.
    fn number_or_text(&self, diagnostics: &mut Diagnostics) -> Option<String> {
        match &self.value.kind {
            ValueKind::Float(number) => Some(number.to_string()),
            _ => self.text(diagnostics),
        }
    }

    /// Like [`Field::text`], for what must not be repeated.
    pub(super) fn secret(&self, diagnostics: &mut Diagnostics) -> Option<String> {
        let text = scalar(self.value).map_err(|wrong| wrong.to_string());
        self.noted(text, diagnostics)
    }

    fn noted<T>(&self, result: Result<T, String>, diagnostics: &mut Diagnostics) -> Option<T> {
        result.map_err(|wrong| diagnostics.problem(self.problem(wrong))).ok()
    }

    /// Files named in the file are found from its folder, files named by a variable from where the exporter runs.
    fn folder(&self) -> &'v Path {
        if self.is_from_environment() {
            Path::new("")
        } else {
            self.folder
        }
    }

    pub(super) fn file(&self, diagnostics: &mut Diagnostics) -> Option<PathBuf> {
        self.path_of("file", diagnostics)
    }

    pub(super) fn directory(&self, diagnostics: &mut Diagnostics) -> Option<PathBuf> {
        self.path_of("folder", diagnostics)
    }

    fn path_of(&self, what: &str, diagnostics: &mut Diagnostics) -> Option<PathBuf> {
        let text = self.text(diagnostics)?;
        if text.trim().is_empty() {
            diagnostics.problem(self.problem(format!("is blank; name a {what}")));
            return None;
        }
        Some(self.folder().join(text))
    }
}

/// A list of texts.
pub(super) struct List<'v> {
    path: String,
    /// What relative paths in it are relative to.
    pub(super) folder: &'v Path,
    pub(super) entries: Vec<Entry<'v>>,
    /// Something else stands where a list belongs, and the diagnostics say so.
    pub(super) is_refused: bool,
}

/// One place in a list: its text, or what is wrong with it.
pub(super) struct Entry<'v> {
    position: usize,
    pub(super) text: Result<String, String>,
    origin: &'v str,
}

impl List<'_> {
    pub(super) fn problem(&self, entry: &Entry, wrong: impl Display) -> Problem {
        Problem::new(entry.origin, format!("{}[{}] {wrong}", self.path, entry.position))
    }
}

/// Why a value is not a text. It does not hold the value, which may be a secret.
#[derive(Clone, Copy)]
enum NotText {
    Nothing,
    List,
    Section,
    Fraction,
}

impl NotText {
    /// The sentence's end, with the value in it if that helps.
    fn with(self, value: &Value) -> String {
        match &value.kind {
            ValueKind::Float(number) => format!("is {}, {}", quoted(&number.to_string()), self.advice()),
            _ => self.to_string(),
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Nothing => "has no value; give it one or remove it",
            Self::List => "is a list; write a single value",
            Self::Section => "is a section; write a single value",
            Self::Fraction => "a number with a point or an exponent, whose digits YAML does not keep; put it in quotes",
        }
    }
}

impl Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self, Self::Fraction) {
            f.write_str("is ")?;
        }
        f.write_str(self.advice())
    }
}

/// The exact text of a value.
fn scalar(value: &Value) -> Result<String, NotText> {
    match &value.kind {
        ValueKind::String(text) => Ok(text.clone()),
        ValueKind::I64(number) => Ok(number.to_string()),
        ValueKind::Boolean(word) => Ok(word.to_string()),
        ValueKind::Nil => Err(NotText::Nothing),
        ValueKind::Array(_) => Err(NotText::List),
        ValueKind::Table(_) => Err(NotText::Section),
        _ => Err(NotText::Fraction),
    }
}

fn duration(text: &str, bounds: &RangeInclusive<Duration>) -> Result<Duration, String> {
    let shown = quoted(text);
    if text.trim().parse::<f64>().is_ok() {
        let advice = match text.trim().parse::<u64>() {
            Ok(seconds @ 1..) => format!("{seconds}s"),
            _ => "60s".to_owned(),
        };
        return Err(format!("is {shown}, a number without a unit; write \"{advice}\""));
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

fn whole(text: &str, bounds: &RangeInclusive<u64>) -> Result<u64, String> {
    let (shown, least, most) = (quoted(text), bounds.start(), bounds.end());
    match text.parse::<u64>() {
        Ok(number) if bounds.contains(&number) => Ok(number),
        Ok(_) => Err(format!("is {shown}; it must be from {least} to {most}")),
        Err(_) => Err(format!(
            "is {shown}, which is not a whole number from {least} to {most}; write one"
        )),
    }
}

/// YAML's two words and no others: in older YAML `yes` and `on` were booleans, in this one they are texts.
fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("is {}; it must be true or false", quoted(text))),
    }
}

/// A duration as one would write it in the file.
pub(super) fn in_words(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}
