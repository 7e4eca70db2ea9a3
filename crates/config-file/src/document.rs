//! A configuration file as a tree of values that know where they are written.

use std::fmt;

use config::{ConfigError, Map, Value, ValueKind};
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use crate::problem::{Problem, bare, quoted};
use crate::section::{self, Section};
use crate::suggest::suggest;
use crate::yaml::{self, Bounds};

/// The values of a configuration file, and of the variables that override some of them.
pub struct Document {
    place: String,
    root: Value,
}

/// One step of a key path: a key of a section, or a position in a list.
enum Step<'p> {
    Key(&'p str),
    Position(usize),
}

impl Document {
    /// Reads YAML. `place` is the file's name as problems show it; it must not contain credentials.
    ///
    /// The error is the first problem: wrong syntax, a key given twice, a second document, or a bound exceeded.
    pub fn parse(place: &str, text: &str, bounds: Bounds) -> Result<Self, Problem> {
        Ok(Self {
            place: place.to_owned(),
            root: yaml::parse(place, text, bounds)?,
        })
    }

    /// A document without values.
    pub fn empty(place: &str) -> Self {
        Self {
            place: place.to_owned(),
            root: Value::new(None, ValueKind::Nil),
        }
    }

    /// Whether there is no value at all.
    pub fn is_empty(&self) -> bool {
        matches!(self.root.kind, ValueKind::Nil)
    }

    /// Reads the values into `T`, whose sections should have `deny_unknown_fields`. Every scalar is a string.
    ///
    /// The error is the first problem of shape: an unknown key, or a list, section or value in the place of another. It
    /// shows the key path and never a value.
    pub fn read<T: DeserializeOwned + Default>(&self) -> Result<T, Problem> {
        let result: Result<Section<T>, _> = serde_path_to_error::deserialize(self.root.clone());
        result.map(|Section(value)| value).map_err(|error| {
            let segments: Vec<_> = error.path().iter().filter_map(step).collect();
            self.shape_problem(&segments, error.inner())
        })
    }

    /// Where the value at `path` (`accounts[0].poll.interval`) is written; for an absent one, where its section is.
    pub fn origin(&self, path: &str) -> &str {
        self.origin_of(&steps(path))
    }

    /// Whether `path` is written in the document, be it without a value.
    pub fn contains(&self, path: &str) -> bool {
        self.get(&steps(path)).is_some()
    }

    /// Whether `path` is written in the document without a value.
    pub fn is_nil(&self, path: &str) -> bool {
        self.get(&steps(path))
            .is_some_and(|value| matches!(value.kind, ValueKind::Nil))
    }

    /// Sets the value at `path`, which `origin` names. Sections and entries on the way are made. What is in the way and is
    /// no section or list stays, and nothing is set: [`Document::read`] reports its shape.
    pub fn set(&mut self, path: &str, origin: &str, value: impl Into<ValueKind>) {
        let origin = origin.to_owned();
        if let Some(place) = place_for(&mut self.root, &steps(path), &origin) {
            *place = Value::new(Some(&origin), value);
        }
    }

    /// Removes the value at `path`, whose last step is a key.
    pub fn remove(&mut self, path: &str) {
        let Some((section, key)) = path.rsplit_once('.') else {
            return;
        };
        if self.contains(path)
            && let Some(Value {
                kind: ValueKind::Table(table),
                ..
            }) = place_for(&mut self.root, &steps(section), &String::new())
        {
            table.remove(key);
        }
    }

    /// How many entries the list at `path` has.
    pub fn len_of(&self, path: &str) -> usize {
        match self.get(&steps(path)).map(|value| &value.kind) {
            Some(ValueKind::Array(entries)) => entries.len(),
            _ => 0,
        }
    }

    fn get(&self, path: &[Step<'_>]) -> Option<&Value> {
        path.iter().try_fold(&self.root, child)
    }

    fn origin_of(&self, path: &[Step<'_>]) -> &str {
        let mut origin = self.place.as_str();
        let mut value = Some(&self.root);
        for step in path {
            value = value.and_then(|value| child(value, step));
            origin = value.and_then(Value::origin).unwrap_or(origin);
        }
        origin
    }

    fn shape_problem(&self, path: &[Step<'_>], error: &ConfigError) -> Problem {
        let message = innermost(error).to_string();
        let origin = self.origin_of(path);
        if let (Some((Step::Key(key), section)), true) = (path.split_last(), message.starts_with("unknown field")) {
            let known = known_keys(&message);
            let advice = match suggest(key, known.iter().copied()) {
                Some(meant) => format!("did you mean \"{meant}\"?"),
                None => format!("the keys here are {}", known.join(", ")),
            };
            let section = if section.is_empty() {
                "the file".to_owned()
            } else {
                shown(section)
            };
            return Problem::new(origin, format!("{section} has no key {}; {advice}", quoted(key)));
        }
        let is_expected = |what: &str| {
            message
                .rsplit("expected ")
                .next()
                .is_some_and(|expected| expected.starts_with(what))
        };
        let wrong = match self.get(path).map(|value| &value.kind) {
            _ if is_expected(section::EXPECTED) => "is not a section; write its keys below it, each with a colon",
            _ if is_expected("a sequence") => "is not a list; write its entries in [ ], with commas between",
            Some(ValueKind::Array(_)) => "is a list; write a single value",
            Some(ValueKind::Table(_)) => "is a section; write a single value",
            Some(ValueKind::Nil) => "has no value; give it one or remove it",
            _ => "has another shape than this key takes; correct it",
        };
        let subject = if path.is_empty() {
            "the file".to_owned()
        } else {
            shown(path)
        };
        Problem::new(origin, format!("{subject} {wrong}"))
    }
}

/// The values may be credentials.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({:?})", self.place)
    }
}

fn innermost(error: &ConfigError) -> &ConfigError {
    match error {
        ConfigError::At { error, .. } => innermost(error),
        error => error,
    }
}

/// The keys in serde's message: "unknown field `x`, expected one of `a`, `b`".
fn known_keys(message: &str) -> Vec<&str> {
    let expected = message.rsplit("`, expected ").next().unwrap_or_default();
    expected.split('`').skip(1).step_by(2).collect()
}

fn step(segment: &Segment) -> Option<Step<'_>> {
    match segment {
        Segment::Map { key } => Some(Step::Key(key)),
        Segment::Seq { index } => Some(Step::Position(*index)),
        _ => None,
    }
}

/// The steps of `accounts[0].poll.interval`.
fn steps(path: &str) -> Vec<Step<'_>> {
    let parts = path.split(['.', '[']).filter(|part| !part.is_empty());
    let step = |part: &'_ str| part.strip_suffix(']').and_then(|position| position.parse().ok());
    parts
        .map(|part| step(part).map_or(Step::Key(part), Step::Position))
        .collect()
}

/// A key path for people. A key may be a credential in the wrong place.
fn shown(path: &[Step<'_>]) -> String {
    let steps = path.iter().map(|step| match step {
        Step::Position(position) => format!("[{position}]"),
        Step::Key(key) => format!(".{}", bare(key)),
    });
    steps.collect::<String>().trim_start_matches('.').to_owned()
}

fn child<'v>(value: &'v Value, step: &Step<'_>) -> Option<&'v Value> {
    match (step, &value.kind) {
        (Step::Key(key), ValueKind::Table(table)) => table.get(*key),
        (Step::Position(position), ValueKind::Array(entries)) => entries.get(*position),
        _ => None,
    }
}

/// The value at `path`, made if it is absent.
fn place_for<'v>(value: &'v mut Value, path: &[Step<'_>], origin: &String) -> Option<&'v mut Value> {
    let Some((step, rest)) = path.split_first() else {
        return Some(value);
    };
    let nil = || Value::new(Some(origin), ValueKind::Nil);
    if matches!(value.kind, ValueKind::Nil) {
        value.kind = match step {
            Step::Key(_) => ValueKind::Table(Map::new()),
            Step::Position(_) => ValueKind::Array(Vec::new()),
        };
    }
    let child = match (step, &mut value.kind) {
        (Step::Key(key), ValueKind::Table(table)) => table.entry((*key).to_owned()).or_insert_with(nil),
        (Step::Position(position), ValueKind::Array(entries)) => {
            if *position == entries.len() {
                entries.push(nil());
            }
            entries.get_mut(*position)?
        }
        _ => return None,
    };
    place_for(child, rest, origin)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::section::{optional_section, section};

    const BOUNDS: Bounds = Bounds { depth: 8, values: 100 };

    #[derive(Debug, Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Root {
        accounts: Option<Vec<Section<Account>>>,
        #[serde(deserialize_with = "section")]
        state: State,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Account {
        name: Option<String>,
        ids: Option<Vec<String>>,
        #[serde(deserialize_with = "optional_section")]
        discovery: Option<State>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct State {
        path: Option<String>,
    }

    fn document(yaml: &str) -> Document {
        Document::parse("c.yml", yaml, BOUNDS).unwrap()
    }

    fn problem(yaml: &str) -> String {
        let document = Document::parse("c.yml", yaml, BOUNDS);
        document
            .and_then(|document| document.read::<Root>())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn scalars_keep_their_text_letter_for_letter() {
        let mut root: Root =
            document("accounts: [{name: 1.10, ids: [007, 588732926036803641588732926036803641, true, '', 1e3]}]")
                .read()
                .unwrap();
        let Section(account) = root.accounts.take().unwrap().remove(0);
        assert_eq!(account.name.as_deref(), Some("1.10"));
        assert_eq!(
            account.ids.unwrap(),
            ["007", "588732926036803641588732926036803641", "true", "", "1e3"]
        );
    }

    #[test]
    fn null_is_an_absent_value_or_a_section_without_keys() {
        let document = document("accounts: [{name: , discovery: }]\nstate: ~");
        let root: Root = document.read().unwrap();
        let account = &root.accounts.unwrap()[0].0;
        assert!(account.name.is_none() && account.discovery.is_some() && root.state.path.is_none());
        assert!(document.is_nil("accounts[0].name") && !document.contains("accounts[0].ids"));
        assert!(Document::parse("c.yml", "# nothing", BOUNDS).unwrap().is_empty());
    }

    #[test]
    fn the_origin_of_a_key_is_its_line() {
        let document = document("accounts:\n- name: a\n  ids:\n  - x\n");
        assert_eq!(document.origin("accounts[0].ids[0]"), "c.yml:4");
        assert_eq!(document.origin("accounts[0].name"), "c.yml:2");
        assert_eq!(document.origin("accounts[0].discovery.path"), "c.yml:2");
        assert_eq!(document.origin("state.path"), "c.yml");
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
    fn syntax_duplicates_and_bounds_are_problems() {
        assert_eq!(
            problem("state: {path: a}\nstate: {}"),
            "c.yml:2: the key \"state\" was given before (c.yml:1); keep one"
        );
        assert!(problem("accounts: []\n---\naccounts: []").starts_with("c.yml:2:1: a second document begins here"));
        assert!(problem("accounts: [").starts_with("c.yml:2:1: this is not YAML"));
        assert!(problem("a: &a [b]\n*a : c").contains("an alias is used as a key"));
        assert!(problem("[[[[[[[[[]]]]]]]]]").contains("the nesting is too deep"));
        let many = format!("a: &a [{}]\nb: [*a, *a]", "x,".repeat(40));
        assert!(problem(&many).contains("too many values"));
    }

    #[test]
    fn a_variable_overrides_a_value_and_makes_what_is_missing() {
        let mut empty = Document::empty("environment");
        empty.set("accounts[0].name", "variable NAME", "a");
        empty.set("accounts[2].name", "variable NAME", "a");
        assert_eq!(
            (empty.origin("accounts[0].name"), empty.len_of("accounts")),
            ("variable NAME", 1)
        );
        empty.remove("accounts[0].name");
        assert!(!empty.contains("accounts[0].name"));
        let mut word = document("state: x");
        word.set("state.path", "variable PATH", "y");
        assert!(
            word.read::<Root>()
                .unwrap_err()
                .to_string()
                .starts_with("c.yml:1: state is not a section")
        );
    }
}
