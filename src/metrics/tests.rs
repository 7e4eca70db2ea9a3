//! How long series are shown.

use super::*;

metrics! {
    struct Example(account) {
        gauge: IntGauge = "example", "A gauge.";
        counters: IntCounterVec[result] = "example_total", "Counters.";
    }
}

fn written(registry: &Registry) -> String {
    let mut text = Vec::new();
    registry.write(&mut text);
    String::from_utf8(text).unwrap()
}

/// The samples, without HELP and TYPE.
fn samples(registry: &Registry) -> Vec<String> {
    let is_sample = |line: &&str| line.starts_with("example");
    written(registry).lines().filter(is_sample).map(str::to_owned).collect()
}

#[test]
fn series_leave_with_the_last_clone_of_their_owner() {
    let registry = Registry::default();
    let main = Example::new(&registry, "main");
    let clone = main.clone();
    main.counters.with_label_values(&["ok"]).inc();
    let shown = [
        "example{account=\"main\"} 0",
        "example_total{account=\"main\",result=\"ok\"} 1",
    ];
    assert_eq!(samples(&registry), shown);
    drop(main);
    assert_eq!(samples(&registry), shown);
    let counter = clone.counters.with_label_values(&["ok"]);
    drop(clone);
    counter.inc();
    assert_eq!(samples(&registry), [""; 0], "a single counter keeps nothing");
}

#[test]
fn a_metric_without_series_has_its_help_and_type() {
    let registry = Registry::default();
    Example::declare(&registry);
    assert_eq!(
        written(&registry),
        "# HELP example A gauge.\n# TYPE example gauge\n# HELP example_total Counters.\n# TYPE example_total counter\n"
    );
}

#[test]
fn the_newest_of_two_owners_with_the_same_labels_is_shown() {
    let registry = Registry::default();
    let old = Example::new(&registry, "main");
    old.gauge.set(1);
    let new = Example::new(&registry, "main");
    new.gauge.set(2);
    assert_eq!(samples(&registry), ["example{account=\"main\"} 2"]);
    drop(old);
    assert_eq!(samples(&registry), ["example{account=\"main\"} 2"]);
}

#[test]
fn samples_are_sorted_by_their_labels() {
    let registry = Registry::default();
    let owners = ["b", "a"].map(|name| Example::new(&registry, name));
    for owner in &owners {
        for result in ["z", "y"] {
            owner.counters.with_label_values(&[result]);
        }
    }
    assert_eq!(
        samples(&registry)[2..],
        ["a,y", "a,z", "b,y", "b,z"].map(|values| {
            let (account, result) = values.split_once(',').unwrap();
            format!("example_total{{account=\"{account}\",result=\"{result}\"}} 0")
        })
    );
}
