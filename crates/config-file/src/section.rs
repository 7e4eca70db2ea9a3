//! Checks the values of one section, and reports what is wrong with its key path and place.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::ValueKind;

use crate::config_file::ConfigFile;
use crate::problem::quoted;
use crate::text_file::read_text;

/// A section of a [`ConfigFile`], and its keys' problems. The empty key stands for the section itself.
///
/// A check returns `None` for an absent value and for one whose problem it reported. The caller goes on with the default
/// in both cases, because a reported problem prevents the configuration.
pub struct Section<'a> {
    file: &'a ConfigFile,
    path: String,
}

impl ConfigFile {
    /// The section at `path` (`accounts[0].poll`); the empty path is the whole file.
    pub fn section(&self, path: &str) -> Section<'_> {
        Section {
            file: self,
            path: path.to_owned(),
        }
    }
}

impl<'a> Section<'a> {
    /// The section below `key`: `phones`, or `any[0]`.
    #[must_use]
    pub fn section(&self, key: &str) -> Section<'a> {
        self.file.section(&self.path_of(key))
    }

    /// The file that the section is in.
    pub fn file(&self) -> &'a ConfigFile {
        self.file
    }

    /// The key path of `key`, as problems show it.
    pub fn path_of(&self, key: &str) -> String {
        [self.path.as_str(), key].join(".").trim_matches('.').to_owned()
    }

    /// Whether `key` is written in the file, be it without a value.
    pub fn contains(&self, key: &str) -> bool {
        self.file.get(&self.path_of(key)).is_some()
    }

    /// Reports a problem of `key`; `wrong` is the end of a sentence that begins with its path.
    pub fn report(&self, key: &str, wrong: impl Display) {
        self.file.problem(self.sentence(key, wrong));
    }

    /// Like [`Section::report`], for what is allowed but probably not meant.
    pub fn warn(&self, key: &str, wrong: impl Display) {
        self.file.warning(self.sentence(key, wrong));
    }

    fn sentence(&self, key: &str, wrong: impl Display) -> String {
        let path = self.path_of(key);
        format!("{}: {path} {wrong}", self.file.origin(&path))
    }

    /// The value, or a report of what is wrong with `key`.
    pub fn check<T>(&self, key: &str, result: Result<T, impl Display>) -> Option<T> {
        result.map_err(|wrong| self.report(key, wrong)).ok()
    }

    /// What `check` makes of the value.
    pub fn value<T>(
        &self,
        key: &str,
        value: &Option<String>,
        check: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let is_nil = |path: &str| matches!(self.file.get(path).map(|value| &value.kind), Some(ValueKind::Nil));
        let blank_is_absent = self.file.blank_is_absent();
        match value {
            Some(text) if blank_is_absent && text.trim().is_empty() => None,
            Some(text) => self.check(key, check(text)),
            None if !blank_is_absent && is_nil(&self.path_of(key)) => {
                self.check(key, Err("has no value; give it one or remove it"))
            }
            None => None,
        }
    }

    /// A duration with its unit, within bounds.
    pub fn duration(&self, key: &str, value: &Option<String>, bounds: &RangeInclusive<Duration>) -> Option<Duration> {
        self.value(key, value, |text| duration(text, bounds))
    }

    /// A whole number within bounds.
    pub fn whole(&self, key: &str, value: &Option<String>, bounds: &RangeInclusive<u32>) -> Option<u32> {
        self.value(key, value, |text| whole(text, bounds))
    }

    /// YAML's two words and no others. Older YAML also read `yes` and `on` as booleans.
    pub fn boolean(&self, key: &str, value: &Option<String>) -> Option<bool> {
        self.value(key, value, |text| {
            text.parse()
                .map_err(|_| format!("is {}; it must be true or false", quoted(text)))
        })
    }

    /// A path to a file or folder, as `what` names it.
    pub fn path(&self, key: &str, value: &Option<String>, what: &str) -> Option<PathBuf> {
        self.value(key, value, |text| match text.trim() {
            "" => Err(format!("is blank; name a {what} or remove it")),
            _ => Ok(self.resolve(key, text)),
        })
    }

    /// What `check` makes of the text of the file at `path`, which `key` names and which has at most `limit` bytes. Later
    /// changes of the file count as changes of the configuration.
    pub fn text_file<T>(
        &self,
        key: &str,
        path: &Path,
        limit: u64,
        check: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.file.stamp(path);
        let shown = quoted(&path.to_string_lossy());
        let result = read_text(path, limit).and_then(|text| check(&text));
        self.check(key, result.map_err(|wrong| format!("names {shown}, which {wrong}")))
    }

    /// Paths in the file are relative to its folder. Paths in variables are relative to the working directory.
    fn resolve(&self, key: &str, path: &str) -> PathBuf {
        match self.file.variable(&self.path_of(key)) {
            Some(_) => PathBuf::from(path),
            None => self.file.folder().join(path),
        }
    }
}

fn duration(text: &str, bounds: &RangeInclusive<Duration>) -> Result<Duration, String> {
    let shown = quoted(text);
    if text.trim().parse::<f64>().is_ok() {
        let seconds = text.trim().parse().ok().filter(|seconds| *seconds > 0);
        let seconds: u64 = seconds.unwrap_or(60);
        return Err(format!("is {shown}, a number without a unit; write \"{seconds}s\""));
    }
    let duration = humantime::parse_duration(text)
        .map_err(|_| format!("is {shown}, which is not a duration; write it like \"60s\", \"5m\" or \"1h 30m\""))?;
    if !bounds.contains(&duration) {
        let [least, most] = [bounds.start(), bounds.end()].map(|bound| humantime::format_duration(*bound));
        return Err(format!("is {shown}; it must be from {least} to {most}"));
    }
    Ok(duration)
}

fn whole(text: &str, bounds: &RangeInclusive<u32>) -> Result<u32, String> {
    let (shown, least, most) = (quoted(text), bounds.start(), bounds.end());
    match text.parse::<u32>() {
        Ok(number) if bounds.contains(&number) => Ok(number),
        Ok(_) => Err(format!("is {shown}; it must be from {least} to {most}")),
        Err(_) => Err(format!(
            "is {shown}, which is not a whole number from {least} to {most}; write one"
        )),
    }
}
