//! A configuration file as a tree of values that know where they are written.

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

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    const OPTIONS: ReadOptions = ReadOptions {
        bytes: 1000,
        depth: 8,
        values: 100,
        blank_is_absent: false,
    };

    #[derive(Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Root {
        accounts: Option<Vec<Mapping<Account>>>,
        state: Mapping<State>,
    }

    #[derive(Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Account {
        name: Option<String>,
        ids: Option<Vec<String>>,
        discovery: Mapping<State>,
    }

    #[derive(Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct State {
        path: Option<String>,
    }

    fn file(yaml: &str) -> ConfigFile {
        ConfigFile::parse(Path::new("c.yml"), yaml, OPTIONS)
    }

    fn problem(yaml: &str) -> String {
        let file = file(yaml);
        file.values::<Root>();
        file.finish().0.unwrap_err().to_string()
    }

    #[test]
    fn scalars_keep_their_text_letter_for_letter() {
        let file = file("accounts: [{name: 1.10, ids: [007, 588732926036803641588732926036803641, true, '', 1e3]}]");
        let accounts = file.values::<Root>().accounts.unwrap();
        assert_eq!(accounts[0].name.as_deref(), Some("1.10"));
        assert_eq!(
            accounts[0].ids.as_deref().unwrap(),
            ["007", "588732926036803641588732926036803641", "true", "", "1e3"]
        );
    }

    #[test]
    fn null_is_an_absent_value_or_a_section_without_keys() {
        let file = file("accounts: [{name: , discovery: }]\nstate: ~");
        let root: Root = file.values();
        let account = &root.accounts.unwrap()[0];
        assert!(account.name.is_none() && account.discovery.path.is_none() && root.state.path.is_none());
        let section = file.section("accounts[0]");
        assert!(section.contains("discovery") && !section.contains("ids"));
        assert!(ConfigFile::parse(Path::new("c.yml"), "# nothing", OPTIONS).is_empty());
        section.value("name", &account.name, |_| Ok(()));
        assert_eq!(
            file.finish().0.unwrap_err().to_string(),
            "c.yml:1: accounts[0].name has no value; give it one or remove it"
        );
    }

    #[test]
    fn the_origin_of_a_key_is_its_line() {
        let file = file("accounts:\n- name: a\n  ids:\n  - x\n");
        assert_eq!(file.origin("accounts[0].ids[0]"), "c.yml:4");
        assert_eq!(file.origin("accounts[0].name"), "c.yml:2");
        assert_eq!(file.origin("accounts[0].discovery.path"), "c.yml:2");
        assert_eq!(file.origin("state.path"), "c.yml");
    }

    #[test]
    fn wrong_shapes_are_problems_without_their_values() {
        let problems = [
            (
                "accounts: [SECRET]",
                "c.yml:1: accounts[0] is not a section; write its keys below it, each with a colon",
            ),
            (
                "state: [SECRET]",
                "c.yml:1: state is not a section; write its keys below it, each with a colon",
            ),
            (
                "accounts: {a: SECRET}",
                "c.yml:1: accounts is not a list; write its entries in [ ], with commas between",
            ),
            (
                "accounts: [{ids: SECRET}]",
                "c.yml:1: accounts[0].ids is not a list; write its entries in [ ], with commas between",
            ),
            (
                "accounts: [{ids: [a, ]}, {ids: [~]}]",
                "c.yml:1: accounts[1].ids[0] has no value; give it one or remove it",
            ),
            (
                "state: {path: [SECRET]}",
                "c.yml:1: state.path is a list; write a single value",
            ),
            (
                "state: {path: {SECRET: 1}}",
                "c.yml:1: state.path is a section; write a single value",
            ),
            (
                "SECRET",
                "c.yml: the file is not a section; write its keys below it, each with a colon",
            ),
        ];
        for (yaml, expected) in problems {
            assert_eq!(problem(yaml), expected);
        }
    }

    #[test]
    fn an_unknown_key_gets_a_suggestion_or_the_known_keys() {
        assert_eq!(
            problem("\nacounts: []"),
            "c.yml:2: the file has no key \"acounts\"; did you mean \"accounts\"?"
        );
        assert_eq!(
            problem("accounts:\n- {'x`, expected `y': SECRET}"),
            "c.yml:2: accounts[0] has no key \"x`, expected `y\"; the keys here are name, ids, discovery"
        );
    }

    #[test]
    fn the_first_problem_of_shape_in_the_file_is_reported() {
        for key in ["a", "b", "c"] {
            let yaml = format!("state: {{path: x, {key}: 1, x: 1, y: 1, z: 1}}");
            assert!(problem(&yaml).contains(&format!("\"{key}\"")));
        }
    }

    #[test]
    fn syntax_duplicates_and_bounds_are_problems() {
        assert_eq!(
            problem("state: {path: a}\nstate: {}"),
            "c.yml:2: the key \"state\" was given before (c.yml:1); keep one"
        );
        assert!(problem("accounts: []\n---\naccounts: []").starts_with("c.yml:2:1: a second document begins here"));
        assert!(problem("accounts: [").starts_with("c.yml:2:1: this is not YAML"));
        assert!(problem("a: &a [b]\n*a : c").contains("an alias is used as a key"));
        assert!(problem("a: &a [*a]").contains("an alias is inside the value it names"));
        assert!(problem("[[[[[[[[[]]]]]]]]]").contains("the nesting is too deep"));
        assert!(problem("a: &a [[[[[b]]]]]\nc: [[[[*a]]]]").contains("the nesting is too deep"));
        let many = format!("a: &a [{}]\nb: [*a, *a]", "x,".repeat(40));
        assert!(problem(&many).contains("too many values"));
    }

    #[test]
    fn a_variable_is_the_origin_of_what_it_sets() {
        let mut file = file("accounts: [{name: a, ids: [b]}]");
        file.set_by_variable("accounts[0].ids", "variable IDS");
        assert_eq!(file.origin("accounts[0].ids[1]"), "variable IDS");
        assert_eq!(file.origin("accounts[0].name"), "c.yml:1");
    }
}
