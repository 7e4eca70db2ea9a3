//! A configuration file as a tree of values that know where they are written.

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};

use config::{ConfigError, Value, ValueKind};
use serde::de::{Deserialize, DeserializeOwned};

use crate::mapping::Mapping;
use crate::problem::{Problems, bare, quoted};
use crate::stamp::FileStamps;
use crate::suggest::suggest;
use crate::text_file::read_text;
use crate::yaml::{self, ReadOptions};

/// The values of a configuration file, and what is found to be wrong with them.
pub struct ConfigFile {
    place: String,
    folder: PathBuf,
    root: Value,
    blank_is_absent: bool,
    variables: Vec<(String, String)>,
    findings: RefCell<Findings>,
}

/// What reading a configuration found.
#[derive(Default)]
struct Findings {
    problems: Vec<String>,
    warnings: Vec<String>,
    files: FileStamps,
}

impl ConfigFile {
    /// Reads the file at `path` and stamps it. A file that cannot be read is without values and has a problem.
    pub fn read(path: &Path, options: ReadOptions) -> Self {
        let mut files = FileStamps::default();
        files.add(path);
        let file = match read_text(path, options.bytes) {
            Ok(text) => Self::parse(path, &text, options),
            Err(wrong) => {
                let file = Self::empty(&bare(&path.to_string_lossy()));
                file.problem(format!("{}: the file {wrong}", file.place));
                file
            }
        };
        file.findings.borrow_mut().files = files;
        file
    }

    /// Parses `text`, which is the content of the file at `path`. A text that is not YAML is without values and has a
    /// problem.
    pub fn parse(path: &Path, text: &str, options: ReadOptions) -> Self {
        let mut file = Self::empty(&bare(&path.to_string_lossy()));
        path.parent().unwrap_or(Path::new("")).clone_into(&mut file.folder);
        file.blank_is_absent = options.blank_is_absent;
        match yaml::parse(&file.place, text, options) {
            Ok(root) => file.root = root,
            Err(problem) => file.problem(problem),
        }
        file
    }

    /// A file without values, called `place` in problems.
    pub fn empty(place: &str) -> Self {
        Self {
            place: place.to_owned(),
            folder: PathBuf::new(),
            root: Value::new(None, ValueKind::Nil),
            blank_is_absent: false,
            variables: Vec::new(),
            findings: RefCell::default(),
        }
    }

    /// The file's name as problems show it.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether there is no value at all.
    pub fn is_empty(&self) -> bool {
        matches!(self.root.kind, ValueKind::Nil)
    }

    /// Reads the values into `T`, whose sections are [`Mapping`]s with `deny_unknown_fields`. Every scalar is a string.
    ///
    /// The first problem of shape ends the reading: an unknown key, or a list, section or value in the place of another.
    /// The problem shows the key path and never a value.
    pub fn values<T: DeserializeOwned + Default>(&self) -> T {
        match Mapping::deserialize(self.root.clone()) {
            Ok(Mapping(values)) => values,
            Err(error) => {
                self.problem(self.shape_problem(error));
                T::default()
            }
        }
    }

    /// Notes that an environment variable sets the value at `path`, and everything below it.
    pub fn set_by_variable(&mut self, path: &str, variable: &str) {
        self.variables.push((path.to_owned(), variable.to_owned()));
    }

    /// Adds a problem: the configuration cannot be used.
    pub fn problem(&self, problem: String) {
        self.findings.borrow_mut().problems.push(problem);
    }

    /// Adds a warning: this is allowed, but probably not meant.
    pub fn warning(&self, warning: String) {
        self.findings.borrow_mut().warnings.push(warning);
    }

    /// How many problems there are so far.
    pub fn problems(&self) -> usize {
        self.findings.borrow().problems.len()
    }

    /// The problems if there are any, or else the warnings; and the files that were read, whatever came of it.
    pub fn finish(self) -> (Result<Vec<String>, Problems>, FileStamps) {
        let findings = self.findings.into_inner();
        (Problems::or(findings.problems, findings.warnings), findings.files)
    }

    /// Adds a file that the configuration names. Call it before the file is read.
    pub(crate) fn stamp(&self, path: &Path) {
        self.findings.borrow_mut().files.add(path);
    }

    pub(crate) fn blank_is_absent(&self) -> bool {
        self.blank_is_absent
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn get(&self, path: &str) -> Option<&Value> {
        steps(path).try_fold(&self.root, child)
    }

    /// The variable that sets the value at `path`.
    pub(crate) fn variable(&self, path: &str) -> Option<&str> {
        let covers = |whole: &str| {
            path.strip_prefix(whole)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let mut variables = self.variables.iter().rev();
        variables
            .find(|(whole, _)| covers(whole))
            .map(|(_, variable)| variable.as_str())
    }

    /// Where the value at `path` (`accounts[0].poll.interval`) is written; for an absent one, where its section is.
    pub(crate) fn origin(&self, path: &str) -> &str {
        if let Some(variable) = self.variable(path) {
            return variable;
        }
        let mut origin = self.place.as_str();
        let mut value = &self.root;
        for step in steps(path) {
            let Some(next) = child(value, step) else { break };
            value = next;
            origin = value.origin().unwrap_or(origin);
        }
        origin
    }

    fn shape_problem(&self, error: ConfigError) -> String {
        let (path, message) = match error {
            ConfigError::At { error, key, .. } => (key, error.to_string()),
            ConfigError::Type { expected, key, .. } => (key, format!("expected {expected}")),
            error => (None, error.to_string()),
        };
        // The crate leaves out the dot after a position: `accounts[0]name`.
        let path = path
            .unwrap_or_default()
            .replace(']', "].")
            .replace("].[", "][")
            .replace("..", ".");
        let path = path.trim_end_matches('.');
        // A key may be a credential in the wrong place.
        let subject = if path.is_empty() {
            "the file".to_owned()
        } else {
            bare(path)
        };
        if let Some((key, known)) = unknown_key(&message) {
            let advice = match suggest(key, known.iter().copied()) {
                Some(meant) => format!("did you mean \"{meant}\"?"),
                None => format!("the keys here are {}", known.join(", ")),
            };
            let section = if path.is_empty() {
                Some(&self.root)
            } else {
                self.get(path)
            };
            let value = section.and_then(|section| child(section, key));
            let origin = value.and_then(Value::origin).unwrap_or_else(|| self.origin(path));
            return format!("{origin}: {subject} has no key {}; {advice}", quoted(key));
        }
        let (_, expected) = message.rsplit_once("expected ").unwrap_or_default();
        let wrong = match self.get(path).map(|value| &value.kind) {
            _ if expected.starts_with("a map") => "is not a section; write its keys below it, each with a colon",
            _ if expected.starts_with("a sequence") => "is not a list; write its entries in [ ], with commas between",
            Some(ValueKind::Array(_)) => "is a list; write a single value",
            Some(ValueKind::Table(_)) => "is a section; write a single value",
            Some(ValueKind::Nil) => "has no value; give it one or remove it",
            _ => "has another shape than this key takes; correct it",
        };
        format!("{}: {subject} {wrong}", self.origin(path))
    }
}

/// The values may be credentials.
impl fmt::Debug for ConfigFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConfigFile({:?})", self.place)
    }
}

/// The unknown key and the known ones in serde's message: "unknown field `x`, expected one of `a`, `b`".
fn unknown_key(message: &str) -> Option<(&str, Vec<&str>)> {
    let (key, expected) = message.strip_prefix("unknown field `")?.rsplit_once("`, expected ")?;
    Some((key, expected.split('`').skip(1).step_by(2).collect()))
}

/// The steps of `accounts[0].poll.interval`: `accounts`, `0]`, `poll`, `interval`.
fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split(['.', '[']).filter(|step| !step.is_empty())
}

fn child<'v>(value: &'v Value, step: &str) -> Option<&'v Value> {
    match &value.kind {
        ValueKind::Table(table) => table.get(step),
        ValueKind::Array(entries) => entries.get(step.strip_suffix(']')?.parse::<usize>().ok()?),
        _ => None,
    }
}
