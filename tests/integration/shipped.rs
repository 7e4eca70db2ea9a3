//! Strict readers of the files under `deploy/`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use geelark_exporter::app::definitions;
use geelark_exporter::metrics::Kind;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tempfile::TempDir;
use yaml_rust2::{Yaml, YamlLoader};

/// Series that Prometheus itself writes.
const PROMETHEUS_SERIES: [&str; 2] = ["up", "ALERTS"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    #[serde(rename = "name")]
    _name: String,
    rules: Vec<Rule>,
}

/// A rule, with either `record` or `alert`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub(crate) record: Option<String>,
    pub(crate) alert: Option<String>,
    pub(crate) expr: String,
    #[serde(rename = "for")]
    pub(crate) _for: Option<String>,
    #[serde(rename = "keep_firing_for")]
    pub(crate) _keep_firing_for: Option<String>,
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) annotations: BTreeMap<String, String>,
}

/// The path of a file in the repository.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

pub(crate) fn text(name: &str) -> String {
    let path = path(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files with this ending in a folder of the repository, as paths from its root.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<String> {
    let names = std::fs::read_dir(path(folder)).unwrap();
    let mut files: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(ending))
        .map(|name| format!("{folder}/{name}"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no file in {folder} ends with {ending}");
    files
}

/// Reads a YAML file as `T`.
pub(crate) fn yaml<T: DeserializeOwned>(name: &str) -> T {
    let documents = YamlLoader::load_from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::from_value(json(&documents[0])).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn json(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Real(text) | Yaml::String(text) => text.as_str().into(),
        Yaml::Integer(number) => (*number).into(),
        Yaml::Boolean(is) => (*is).into(),
        Yaml::Array(items) => items.iter().map(json).collect(),
        Yaml::Hash(items) => items
            .iter()
            .map(|(key, value)| (key.as_str().unwrap().to_owned(), json(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Yaml::Null => Value::Null,
        Yaml::Alias(_) | Yaml::BadValue => panic!("{yaml:?}"),
    }
}

/// All rules, recording rules included.
pub(crate) fn rules() -> Vec<Rule> {
    let files = files("deploy/prometheus", ".rules.yml");
    let groups = files.iter().flat_map(|name| yaml::<RuleFile>(name).groups);
    groups.flat_map(|group| group.rules).collect()
}

/// The names that are neither a metric of the exporter or Prometheus nor a recording rule.
pub(crate) fn unknown(names: &BTreeSet<String>) -> Vec<String> {
    let mut known: BTreeSet<String> = PROMETHEUS_SERIES.iter().map(ToString::to_string).collect();
    known.extend(rules().into_iter().filter_map(|rule| rule.record));
    for info in definitions() {
        if info.kind == Kind::Histogram {
            known.extend(["_bucket", "_sum", "_count"].map(|suffix| format!("{}{suffix}", info.name)));
        } else {
            known.insert(info.name.to_owned());
        }
    }
    names.difference(&known).cloned().collect()
}

/// The names of metrics in a PromQL expression.
pub(crate) fn metrics_in(expr: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut rest = expr;
    while let Some(first) = rest.chars().next() {
        rest = if first == '"' || first == '\'' {
            after_string(rest)
        } else if first == '{' || first == '[' {
            after_brackets(rest)
        } else if first == '#' {
            rest.split_once('\n').map_or("", |(_, next)| next)
        } else if first.is_ascii_alphanumeric() || first == '_' || first == ':' {
            let end = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))
                .unwrap_or(rest.len());
            let (word, next) = rest.split_at(end);
            let next = next.trim_start();
            match word {
                "by" | "without" | "on" | "ignoring" | "group_left" | "group_right" => after_brackets(next),
                "and" | "or" | "unless" | "bool" | "offset" => next,
                // A number or a duration, or a function or an aggregation.
                _ if first.is_ascii_digit() => next,
                _ if next.starts_with('(') || next.starts_with("by ") || next.starts_with("without ") => next,
                _ => {
                    names.insert(word.to_owned());
                    next
                }
            }
        } else {
            &rest[first.len_utf8()..]
        };
    }
    names
}

fn after_string(text: &str) -> &str {
    let quote = text.chars().next();
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if Some(c) == quote => return &text[at + 1..],
            _ => {}
        }
    }
    panic!("an unterminated string: {text}")
}

/// The text after the bracket that `text` begins with, or `text` if it begins with none. Strings may contain brackets.
fn after_brackets(text: &str) -> &str {
    let close = match text.chars().next() {
        Some('{') => '}',
        Some('[') => ']',
        Some('(') => ')',
        _ => return text,
    };
    let mut rest = &text[1..];
    loop {
        match rest.chars().next() {
            Some('"' | '\'') => rest = after_string(rest),
            Some(c) if c == close => return &rest[1..],
            Some(c) => rest = &rest[c.len_utf8()..],
            None => panic!("an unterminated bracket: {text}"),
        }
    }
}

/// A folder with the shipped rules and configuration of Prometheus, with all durations shortened to a second.
pub(crate) fn prometheus_folder(exporter: &str, alertmanager: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    for file in files("deploy/prometheus", ".rules.yml") {
        copy_with_short_durations(&file, dir.path(), &["for", "keep_firing_for"], &[]);
    }
    copy_with_short_durations(
        "deploy/prometheus/prometheus.yml",
        dir.path(),
        &["scrape_interval", "evaluation_interval"],
        &[
            ("alertmanager:9093", alertmanager),
            ("geelark_exporter:9943", exporter.strip_prefix("http://").unwrap()),
        ],
    );
    dir
}

/// Copies a shipped file. Each of `keys` gets the value 1s. The file must contain each text that is replaced.
pub(crate) fn copy_with_short_durations(file: &str, to: &Path, keys: &[&str], replaced: &[(&str, &str)]) {
    let mut text = text(file);
    for (from, to) in replaced {
        assert!(text.contains(from), "{file} does not contain {from}");
        text = text.replace(from, to);
    }
    let shortened = |line: &str| {
        let (key, _) = line.trim_start().split_once(": ")?;
        let indent = line.len() - line.trim_start().len();
        keys.contains(&key).then(|| format!("{:indent$}{key}: 1s", ""))
    };
    let lines: Vec<String> = text
        .lines()
        .map(|line| shortened(line).unwrap_or_else(|| line.to_owned()))
        .collect();
    let copy = lines.join("\n") + "\n";
    std::fs::write(to.join(Path::new(file).file_name().unwrap()), copy).unwrap();
}

#[test]
fn only_names_of_metrics_are_found_in_an_expression() {
    let names = |expr: &str| metrics_in(expr).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(names("time() - a > 7 * 86400 unless on (job, id) b == 3"), "a b");
    assert_eq!(
        names("sum without (x) (rate(a{b=\"}c\"}[5m] offset 1h)) / b:c:d"),
        "a b:c:d"
    );
    assert_eq!(
        names("label_replace(a == 0, \"status\", \"b\", \"\", \"\") or -a ^ 0"),
        "a"
    );
    assert_eq!(
        names("# no b\nsum(a > bool 1e9) by (c) * on (d) group_left () e"),
        "a e"
    );
}
