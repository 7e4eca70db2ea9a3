//! What the documents say about keys, defaults and bounds is what the code does.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::{Folder, account};
use crate::config::{environment, limits};

const EXAMPLE: &str = include_str!("../../../config/geelark_exporter.example.yml");
const DOCUMENT: &str = include_str!("../../../docs/configuration.md");

/// The rows of the document's table that begins with the column `first`, their cells without back-ticks.
fn table(first: &str, columns: usize) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    };
    let rows: Vec<_> = DOCUMENT
        .lines()
        .skip_while(|line| {
            let header = cells(line);
            !line.starts_with('|') || header[0] != first || header.len() != columns
        })
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(cells)
        .collect();
    assert!(!rows.is_empty(), "no table {first}");
    rows
}

/// The keys of the section at `path`, as the reader lists them for an unknown key; `None` if that is no section.
fn keys_of(path: &str) -> Option<Vec<String>> {
    let nest = |inner: String, step: &str| match step.strip_suffix("[]") {
        Some(key) => format!("{{{key}: [{inner}]}}"),
        None => format!("{{{step}: {inner}}}"),
    };
    let steps = path.rsplit('.').filter(|step| !step.is_empty());
    let yaml = steps.fold("{unknown: 1}".to_owned(), nest);
    let problems = Folder::new(&yaml).load(&[]).unwrap_err().to_string();
    let (_, keys) = problems.split_once("has no key \"unknown\"; the keys here are ")?;
    Some(
        keys.split(", ")
            .map(|key| format!("{path}.{key}").trim_start_matches('.').to_owned())
            .collect(),
    )
}

/// Every key below the section at `path`.
fn keys_below(path: &str) -> Vec<String> {
    let below = |key: String| match (keys_of(&key), keys_of(&format!("{key}[]"))) {
        (Some(_), _) => keys_below(&key),
        (None, Some(_)) => keys_below(&format!("{key}[]")),
        (None, None) => vec![key],
    };
    keys_of(path).unwrap().into_iter().flat_map(below).collect()
}

fn all_keys() -> Vec<String> {
    keys_below("")
}

#[test]
fn the_document_has_every_key_and_no_other() {
    let documented: Vec<_> = table("key", 5).into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(documented, all_keys());
}

#[test]
fn the_document_has_every_variable_and_no_other() {
    let documented: Vec<_> = table("key", 2)
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    let expected: Vec<_> = environment::LONG_KEYS
        .iter()
        .map(|(path, _)| ((*path).to_owned(), environment::variable(path)))
        .collect();
    assert_eq!(documented, expected);

    let documented: Vec<_> = table("variable", 2)
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    let expected: Vec<_> = environment::SHORT
        .iter()
        .map(|(variable, key, _)| (*variable, *key))
        .chain([(environment::PHONE_IDS, "phones.ids")])
        .map(|(variable, key)| (variable.to_owned(), key.to_owned()))
        .collect();
    assert_eq!(documented, expected);
}

#[test]
fn the_document_has_the_defaults_and_the_bounds() {
    let in_words = |duration| humantime::format_duration(duration).to_string();
    let durations =
        |bounds: RangeInclusive<Duration>| format!("{} to {}", in_words(*bounds.start()), in_words(*bounds.end()));
    let numbers = |bounds: RangeInclusive<u32>| format!("{} to {}", bounds.start(), bounds.end());
    let last_shard = limits::SHARD_COUNTS.end() - 1;
    let expected = [
        (
            "poll.interval",
            in_words(limits::INTERVAL),
            durations(limits::INTERVALS),
        ),
        ("poll.timeout", in_words(limits::TIMEOUT), durations(limits::TIMEOUTS)),
        (
            "poll.stale_after",
            in_words(limits::STALE_AFTER),
            durations(limits::STALE_AFTERS),
        ),
        (
            "poll.transient_interval",
            in_words(limits::TRANSIENT_INTERVAL),
            durations(limits::TRANSIENT_INTERVALS),
        ),
        (
            "phones.discovery.refresh_interval",
            in_words(limits::REFRESH_INTERVAL),
            durations(limits::REFRESH_INTERVALS),
        ),
        (
            "budget.requests_per_minute",
            limits::REQUESTS_PER_MINUTE.to_string(),
            numbers(limits::REQUESTS),
        ),
        (
            "budget.max_in_flight",
            limits::MAX_IN_FLIGHT.to_string(),
            numbers(limits::IN_FLIGHT),
        ),
        ("billing.enabled", limits::BILLING_ENABLED.to_string(), String::new()),
        ("base_url", limits::BASE_URL.to_owned(), "http or https".to_owned()),
        ("sharding.shard", "0".to_owned(), numbers(0..=last_shard)),
        (
            "sharding.shards",
            limits::SHARDS.to_string(),
            numbers(limits::SHARD_COUNTS),
        ),
    ];
    let documented: BTreeMap<_, _> = table("key", 5)
        .into_iter()
        .map(|row| {
            let default = match row[1].as_str() {
                "duration" => humantime::format_duration(humantime::parse_duration(&row[2]).unwrap()).to_string(),
                _ => row[2].clone(),
            };
            (
                row[0].trim_start_matches("accounts[].").to_owned(),
                (default, row[3].clone()),
            )
        })
        .collect();
    for (key, default, allowed) in expected {
        assert_eq!(documented[key], (default, allowed), "{key}");
    }
}

#[test]
fn the_files_of_the_document_are_valid() {
    let mut count = 0;
    for block in DOCUMENT.split("```yaml\n").skip(1) {
        let yaml = block.split("```").next().unwrap();
        Folder::new(yaml).load(&[("GEELARK_TOKEN", "t")]).unwrap();
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn the_example_has_every_key() {
    for key in all_keys() {
        let word = key.rsplit('.').next().unwrap();
        let is_there = EXAMPLE
            .lines()
            .map(|line| line.trim_start_matches([' ', '-', '#']))
            .any(|line| line.starts_with(&format!("{word}:")));
        assert!(is_there, "{key}");
    }
}

#[test]
fn the_example_is_valid_and_its_values_are_the_defaults() {
    let folder = Folder::new(EXAMPLE);
    let example = folder.load(&[("GEELARK_TOKEN", "t")]).unwrap();
    let defaults = Folder::new(&account("")).load(&[]).unwrap();
    assert_eq!(example.warnings, [""; 0]);
    let (example, defaults) = (&example.accounts[0], &defaults.accounts[0]);
    assert_eq!(example.base_url, defaults.base_url);
    assert_eq!(example.poll, defaults.poll);
    assert_eq!(example.budget, defaults.budget);
    assert_eq!(example.billing, defaults.billing);
    assert_eq!(example.webhook, defaults.webhook);
}

#[test]
fn the_example_reads_its_secret_from_a_file_and_its_other_keys_are_there_to_uncomment() {
    let folder = Folder::new("");
    let yaml = EXAMPLE
        .replace("/run/secrets/geelark_token", "token")
        .replace("# files: [phones.txt]", "files: [ids]");
    folder.write("c.yml", &yaml);
    let config = folder.load(&[]).unwrap();
    assert_eq!(config.accounts[0].phones.len(), 3);

    let yaml = EXAMPLE
        .replace("token_file: /run/secrets/geelark_token", "")
        .replace("# app_id: ...", "app_id: i")
        .replace("# api_key: ...", "api_key: k")
        .replace("enabled: false", "enabled: true")
        .replace("# relay_to:", "relay_to:");
    folder.write("c.yml", &yaml);
    let config = folder.load(&[]).unwrap();
    assert!(config.accounts[0].webhook.as_ref().unwrap().relay_to.is_some());
}

#[test]
fn the_discovery_of_the_example_is_there_to_uncomment() {
    let yaml: String = EXAMPLE
        .lines()
        .map(|line| match line.strip_prefix("      # ") {
            Some(text) if text == "discovery:" || text.starts_with("  ") => format!("      {text}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let config = Folder::new(&yaml).load(&[("GEELARK_TOKEN", "t")]).unwrap();
    let discovery = config.accounts[0].discovery.as_ref().unwrap();
    assert_eq!(discovery.refresh_interval, limits::REFRESH_INTERVAL);
    assert_eq!(discovery.filters.len(), 1);
}
