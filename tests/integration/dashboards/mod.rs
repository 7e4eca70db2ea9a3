//! The shipped dashboards: equal to the output of their script, valid, and with queries that find data.

#[macro_use]
mod strict;
mod model;
mod options;
mod queries;
mod variables;

use std::collections::BTreeSet;
use std::process::Command;

use geelark_exporter::app::definitions;
use serde_json::{Value, json};

use crate::shipped::{files, metrics_in, path, rules, text, unknown};
use crate::support::missing;
use model::{Dashboard, Panel, Target};
use variables::Variable;

/// Grey and the colours of Okabe and Ito's palette, which people with any colour vision can distinguish.
const PALETTE: [&str; 8] = [
    "#999999", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
];

/// The number of columns that fit on the screen of a phone.
const MAX_COLUMNS: usize = 4;

/// The title of the only table that may have more columns, because it has a single row.
const WIDE_TABLE: &str = "Details";

fn files_of_dashboards() -> Vec<String> {
    files("deploy/grafana/dashboards", ".json")
}

fn dashboards() -> Vec<Dashboard> {
    let read = |name: &String| serde_json::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    files_of_dashboards().iter().map(read).collect()
}

/// Each query of each panel, with its place.
fn targets(dashboards: &[Dashboard]) -> Vec<(String, &Panel, &Target)> {
    let mut all = Vec::new();
    for dashboard in dashboards {
        for panel in &dashboard.panels {
            let place = format!("{}, {}", dashboard.title, panel.title());
            all.extend(
                panel
                    .targets()
                    .iter()
                    .map(|target| (format!("{place}, {}", target.ref_id), panel, target)),
            );
        }
    }
    all
}

#[test]
fn the_dashboards_equal_the_output_of_the_script() {
    let output = Command::new("python3")
        .arg(path("scripts/dashboards"))
        .arg("--check")
        .output()
        .unwrap_or_else(|error| missing("python3", &error));
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!((output.status.code(), text.as_str()), (Some(0), ""));
}

#[test]
fn unknown_keys_and_values_of_the_wrong_type_are_refused() {
    let error = |change: fn(&mut Value)| {
        let mut dashboard = serde_json::from_str(&text("deploy/grafana/dashboards/fleet.json")).unwrap();
        change(&mut dashboard);
        serde_json::from_value::<Dashboard>(dashboard)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(error(|_| ()), Ok(()));
    for (change, expected) in [
        (
            (|dashboard| dashboard["colour"] = json!("blue")) as fn(&mut Value),
            "unknown field `colour`",
        ),
        (
            |dashboard| dashboard["panels"][0]["fieldConfig"]["defaults"]["units"] = json!("s"),
            "unknown field `units`",
        ),
        (
            |dashboard| dashboard["panels"][0]["targets"][0]["instant"] = json!("true"),
            "invalid type: string \"true\", expected a boolean",
        ),
        (
            |dashboard| dashboard["panels"][0]["gridPos"]["w"] = json!(1.5),
            "invalid type: floating point `1.5`, expected u8",
        ),
        (
            |dashboard| dashboard["panels"][0]["type"] = json!("piechart-panel"),
            "unknown variant `piechart-panel`",
        ),
    ] {
        let error = error(change).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn dashboards_have_a_datasource_variable_fit_the_grid_and_link_to_each_other() {
    let dashboards = dashboards();
    let uids: Vec<&str> = dashboards.iter().map(|dashboard| dashboard.uid.as_str()).collect();
    assert_eq!(uids, ["geelark-exporter", "geelark-fleet", "geelark-phone"]);
    for dashboard in &dashboards {
        let title = &dashboard.title;
        assert!(dashboard.schema_version >= 39, "{title}: the schema of Grafana 11");
        assert!(
            matches!(&dashboard.templating.list[0], Variable::Datasource(variable) if variable.name == "datasource"),
            "{title}"
        );
        assert_eq!(dashboard.links[0].tags, dashboard.tags, "{title}");
        let mut taken = BTreeSet::new();
        for panel in &dashboard.panels {
            let (name, place) = (panel.title(), panel.place());
            assert!(!name.is_empty(), "{title}");
            assert!(place.x + place.w <= 24, "{title}, {name}");
            for x in place.x..place.x + place.w {
                for y in place.y..place.y + u16::from(place.h) {
                    assert!(taken.insert((x, y)), "{title}, {name} overlaps another panel");
                }
            }
            assert!(
                matches!(panel, Panel::Row(_)) || !panel.targets().is_empty(),
                "{title}, {name}"
            );
        }
    }
    for (place, panel, target) in targets(&dashboards) {
        assert_eq!(target.datasource.uid, "${datasource}", "{place}");
        let columns = panel.columns();
        assert!(
            columns.len() <= MAX_COLUMNS || panel.title() == WIDE_TABLE,
            "{place}: {columns:?}"
        );
    }
}

#[test]
fn dashboards_use_only_colours_of_the_palette() {
    for file in files_of_dashboards() {
        let text = text(&file);
        for (at, _) in text.match_indices("\"#") {
            let colour = &text[at + 1..at + 8];
            assert!(PALETTE.contains(&colour), "{file}: {colour}");
        }
        assert!(!text.contains("palette-classic"), "{file}");
    }
}

#[test]
fn dashboards_use_only_metrics_that_exist_and_all_metrics_of_phones() {
    let dashboards = dashboards();
    let mut used: BTreeSet<String> = rules().iter().flat_map(|rule| metrics_in(&rule.expr)).collect();
    for (place, _, target) in targets(&dashboards) {
        let names = metrics_in(&target.expr);
        assert_eq!(unknown(&names), [""; 0], "{place}");
        used.extend(names);
    }
    let unused: Vec<&str> = definitions()
        .iter()
        .map(|info| info.name)
        .filter(|name| name.starts_with("phone_") && !used.contains(*name))
        .collect();
    assert_eq!(unused, [""; 0], "metrics that no rule and no dashboard uses");
}
