//! Every key there is. The reader, the environment's variables and the documentation's test all look here.

/// The kind of value a key takes; the environment needs to know which are lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    One,
    List,
}

use Takes::{List, One};

/// Each key's pattern: `[]` stands for a position in a list. A new section is some rows here and a function that reads it.
pub(super) const KEYS: &[(&str, Takes)] = &[
    ("accounts[].name", One),
    ("accounts[].base_url", One),
    ("accounts[].token", One),
    ("accounts[].token_file", One),
    ("accounts[].app_id", One),
    ("accounts[].api_key", One),
    ("accounts[].api_key_file", One),
    ("accounts[].phones.ids", List),
    ("accounts[].phones.files", List),
    ("accounts[].phones.discovery.groups", List),
    ("accounts[].phones.discovery.tags", List),
    ("accounts[].phones.discovery.charge_mode", One),
    ("accounts[].phones.discovery.any[].groups", List),
    ("accounts[].phones.discovery.any[].tags", List),
    ("accounts[].phones.discovery.any[].charge_mode", One),
    ("accounts[].phones.discovery.refresh_interval", One),
    ("accounts[].poll.interval", One),
    ("accounts[].poll.timeout", One),
    ("accounts[].poll.stale_after", One),
    ("accounts[].poll.transient_interval", One),
    ("accounts[].budget.requests_per_minute", One),
    ("accounts[].budget.max_in_flight", One),
    ("accounts[].billing.enabled", One),
    ("accounts[].webhook.enabled", One),
    ("accounts[].webhook.relay_to", One),
    ("sharding.shard", One),
    ("sharding.shards", One),
    ("state.path", One),
];

/// Whether a variable may set `pattern`: a key, or one entry of a list.
pub(super) fn is_settable(pattern: &str) -> bool {
    KEYS.iter().any(|(key, takes)| {
        *key == pattern || *takes == List && pattern.strip_suffix("[]").is_some_and(|list| list == *key)
    })
}

/// The keys directly inside the section that `pattern` names; the empty pattern is the whole file.
pub(super) fn children(pattern: &str) -> Vec<&'static str> {
    let mut children: Vec<&'static str> = KEYS
        .iter()
        .filter_map(|(key, _)| {
            let inside = match pattern {
                "" => Some(*key),
                _ => key.strip_prefix(pattern)?.strip_prefix('.'),
            }?;
            inside.split(['.', '[']).next()
        })
        .collect();
    children.dedup();
    children
}

/// `accounts[3].poll` is an instance of the pattern `accounts[].poll`.
pub(super) fn pattern(path: &str) -> String {
    path.chars()
        .scan(false, |inside, c| {
            *inside = c == '[' || *inside && c != ']';
            Some((c == '[' || !*inside).then_some(c))
        })
        .flatten()
        .collect()
}

/// Two words at least this alike (of 1.0) are taken for the same one, mistyped: `intervall`, but not `token` for `poll`.
const ALIKE: f64 = 0.75;

/// The word among `known` that `word` was probably meant to be.
pub(super) fn meant<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let plain = |word: &str| word.to_ascii_lowercase().replace(['-', '_'], "");
    known
        .into_iter()
        .map(|known| {
            (
                strsim::normalized_damerau_levenshtein(&plain(word), &plain(known)),
                known,
            )
        })
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_the_keys_one_step_down() {
        assert_eq!(children(""), ["accounts", "sharding", "state"]);
        assert_eq!(
            children("accounts[].poll"),
            ["interval", "timeout", "stale_after", "transient_interval"]
        );
        assert_eq!(children("accounts[].po"), [""; 0]);
    }

    #[test]
    fn a_path_loses_its_positions() {
        assert_eq!(pattern("accounts[12].phones.ids[3]"), "accounts[].phones.ids[]");
    }

    #[test]
    fn only_a_list_has_entries_to_set() {
        assert!(is_settable("accounts[].phones.ids"));
        assert!(is_settable("accounts[].phones.ids[]"));
        assert!(!is_settable("accounts[].name[]"));
        assert!(!is_settable("accounts[].phones"));
    }

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_a_stranger_is_not() {
        assert_eq!(meant("intervall", children("accounts[].poll")), Some("interval"));
        assert_eq!(meant("baseUrl", children("accounts[]")), Some("base_url"));
        assert_eq!(meant("weather", children("accounts[]")), None);
    }
}
