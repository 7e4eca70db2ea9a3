//! What the environment overrides: any key by a long variable, the one account's keys by short ones.

use std::collections::{BTreeMap, BTreeSet};

use super::keys;
use super::limits::{ACCOUNT_NAME, MAX_POSITION};
use super::problem::{Diagnostics, Problem, bare};

/// Long variables: `GEELARK_EXPORTER__ACCOUNTS__0__POLL__INTERVAL` is `accounts[0].poll.interval`.
const LONG: &str = "GEELARK_EXPORTER__";

/// Everything else of GeeLark's in the environment begins with this.
pub(super) const FAMILY: &str = "GEELARK_";

/// Left to the command line, and to Kubernetes, which sets such variables for a service of this name.
const NOT_OURS: &str = "GEELARK_EXPORTER_";

/// Short variables describe an only account.
pub(super) const SHORT: &[(&str, &str)] = &[
    ("GEELARK_TOKEN", "token"),
    ("GEELARK_TOKEN_FILE", "token_file"),
    ("GEELARK_APP_ID", "app_id"),
    ("GEELARK_API_KEY", "api_key"),
    ("GEELARK_API_KEY_FILE", "api_key_file"),
    ("GEELARK_PHONE_IDS", "phones.ids"),
    ("GEELARK_BASE_URL", "base_url"),
];

const ORIGIN: &str = "environment variable ";

/// Whether a value that came from `origin` came from a variable.
pub(super) fn is_origin(origin: &str) -> bool {
    origin.starts_with(ORIGIN)
}

/// A key that a variable sets.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Override {
    /// `accounts[0].poll.interval`; always an instance of a key there is.
    pub(super) path: String,
    /// `environment variable NAME`.
    pub(super) origin: String,
    pub(super) value: String,
}

/// The overrides in `variables`, where the file has `in_file` accounts. A variable without a value counts as not set.
pub(super) fn overrides(
    variables: &BTreeMap<String, String>,
    in_file: usize,
    diagnostics: &mut Diagnostics,
) -> Vec<Override> {
    let mut overrides = Vec::new();
    let mut short = Vec::new();
    for (name, value) in variables.iter().filter(|(_, value)| !value.is_empty()) {
        let origin = format!("{ORIGIN}{}", bare(name));
        if let Some(steps) = name.strip_prefix(LONG) {
            match path(steps) {
                Ok(path) => overrides.push(Override {
                    path,
                    origin,
                    value: value.clone(),
                }),
                Err(wrong) => diagnostics.problem(Problem::new(origin, wrong)),
            }
        } else if let Some((_, key)) = SHORT.iter().find(|(short, _)| short == name) {
            short.push((origin, *key, value));
        } else if name.starts_with(FAMILY) && (!name.starts_with(NOT_OURS) || name.contains("__")) {
            diagnostics.warning(Problem::new(
                origin,
                format!("no such variable is known; {}", advice(name)),
            ));
        }
    }

    let accounts = with_new_accounts(&mut overrides, in_file, diagnostics);
    for (origin, key, value) in short {
        if accounts > 1 {
            let long = variable(&format!("accounts[N].{key}"));
            let sentence = format!(
                "it is not clear which of the {accounts} accounts it is for; use {long}, with the account's position, from 0, for N"
            );
            diagnostics.problem(Problem::new(origin, sentence));
        } else {
            overrides.push(Override {
                path: format!("accounts[0].{key}"),
                origin,
                value: value.clone(),
            });
        }
    }
    if in_file == 0 {
        name_an_only_account(&mut overrides);
    }
    without_rivals(overrides, diagnostics)
}

/// The variable that sets `path`.
pub(super) fn variable(path: &str) -> String {
    let steps = path.replace('[', ".").replace(']', "");
    format!("{LONG}{}", steps.replace('.', "__").to_uppercase())
}

fn advice(name: &str) -> String {
    let known = SHORT.iter().map(|(short, _)| *short);
    match keys::meant(name, known) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("every key's variable begins with {LONG}"),
    }
}

/// `ACCOUNTS__0__POLL__INTERVAL` as a path, if that is a key.
fn path(steps: &str) -> Result<String, String> {
    let mut path = String::new();
    for step in steps.split("__") {
        let step = match step.parse::<usize>() {
            Ok(position) if position > MAX_POSITION => {
                return Err(format!(
                    "the position {position} is too large; positions count from 0 to {MAX_POSITION}"
                ));
            }
            Ok(position) => format!("[{position}]"),
            Err(_) if path.is_empty() => step.to_ascii_lowercase(),
            Err(_) => format!(".{}", step.to_ascii_lowercase()),
        };
        path.push_str(&step);
    }
    let pattern = keys::pattern(&path);
    if keys::is_settable(&pattern) {
        return Ok(path);
    }
    let known = keys::KEYS.iter().map(|(key, _)| *key);
    Err(match keys::meant(&pattern, known) {
        Some(meant) => format!(
            "there is no such key; did you mean {}?",
            variable(&meant.replace("[]", "[N]"))
        ),
        None => "there is no such key; docs/configuration.md lists every variable".to_owned(),
    })
}

/// How many accounts there are with those that `overrides` append; those that would leave a gap are reported and dropped.
fn with_new_accounts(overrides: &mut Vec<Override>, mut accounts: usize, diagnostics: &mut Diagnostics) -> usize {
    let named: BTreeSet<usize> = overrides.iter().filter_map(|it| account(&it.path)).collect();
    while named.contains(&accounts) {
        accounts += 1;
    }
    overrides.retain(|it| {
        let gap = account(&it.path).filter(|position| *position > accounts);
        if let Some(position) = gap {
            let sentence = format!(
                "there is no accounts[{position}], and the next would be accounts[{accounts}]; correct the position"
            );
            diagnostics.problem(Problem::new(it.origin.clone(), sentence));
        }
        gap.is_none()
    });
    accounts
}

/// Who describes one account by variables alone need not think of a name.
fn name_an_only_account(overrides: &mut Vec<Override>) {
    let accounts: BTreeSet<usize> = overrides.iter().filter_map(|it| account(&it.path)).collect();
    let path = "accounts[0].name".to_owned();
    if accounts.len() == 1 && overrides.iter().all(|it| it.path != path) {
        overrides.push(Override {
            path,
            origin: format!("{ORIGIN}{}", variable("accounts[0].name")),
            value: ACCOUNT_NAME.to_owned(),
        });
    }
}

fn account(path: &str) -> Option<usize> {
    path.strip_prefix("accounts[")?.split_once(']')?.0.parse().ok()
}

/// Of variables that set the same key, or a list and an entry of it, the first stays and the others are reported.
fn without_rivals(overrides: Vec<Override>, diagnostics: &mut Diagnostics) -> Vec<Override> {
    let mut kept: Vec<Override> = Vec::new();
    for it in overrides {
        let list = |path: &str| {
            path.strip_suffix(']')
                .and_then(|path| Some(path.rsplit_once('[')?.0.to_owned()))
        };
        let rival = kept.iter().find(|other| {
            other.path == it.path
                || list(&other.path).is_some_and(|list| list == it.path)
                || list(&it.path).is_some_and(|list| list == other.path)
        });
        match rival {
            Some(rival) => {
                let sentence = format!("{} is set by the {} too; keep one", it.path, rival.origin);
                diagnostics.problem(Problem::new(it.origin, sentence));
            }
            None => kept.push(it),
        }
    }
    kept
}
