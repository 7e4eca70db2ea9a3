//! `docs/metrics.md` and the code say the same.

use std::collections::BTreeMap;

use super::*;

/// Rows of the tables that begin with a metric's name in back-ticks: name to type and labels.
fn documented() -> BTreeMap<&'static str, (&'static str, Vec<&'static str>)> {
    let mut rows = BTreeMap::new();
    for line in include_str!("../../../docs/metrics.md").lines() {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, kind, labels, ..] = cells[..] else { continue };
        if let Some(name) = name.strip_prefix('`').and_then(|name| name.strip_suffix('`')) {
            let labels = labels
                .split(", ")
                .map(|label| label.trim_matches('`'))
                .filter(|label| !label.is_empty());
            let twice = rows.insert(name, (kind, labels.collect()));
            assert!(twice.is_none(), "{name} has two rows");
        }
    }
    rows
}

#[test]
fn exactly_the_metrics_of_the_exporter_are_documented_with_type_and_labels() {
    let documented = documented();
    let definitions = definitions();
    let definitions: BTreeMap<_, _> = definitions
        .iter()
        .map(|info| (info.name, (info.kind.as_str(), info.labels.to_vec())))
        .collect();
    assert_eq!(documented, definitions);
}
