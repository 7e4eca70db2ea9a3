//! The shipped alerts: annotations, runbooks, unit tests, inhibition and delivery.

mod end_to_end;
mod inhibition;

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use crate::shipped::{Rule, files, metrics_in, path, rules, text, unknown, yaml};
use crate::support::{missing, tool};

/// The parts of a file of `promtool test rules` that these tests need. promtool reads the rest.
#[derive(Deserialize)]
struct TestFile {
    tests: Vec<TestCase>,
}

#[derive(Deserialize)]
struct TestCase {
    name: String,
    #[serde(default)]
    alert_rule_test: Vec<AlertTest>,
}

#[derive(Deserialize)]
struct AlertTest {
    alertname: String,
    eval_time: String,
    exp_alerts: Vec<Value>,
}

fn alerts() -> Vec<Rule> {
    rules().into_iter().filter(|rule| rule.alert.is_some()).collect()
}

fn name(rule: &Rule) -> &str {
    rule.alert.as_deref().unwrap()
}

/// `1h20m` in seconds.
fn seconds(duration: &str) -> u64 {
    let mut total = 0;
    let mut number = 0;
    for c in duration.chars() {
        if let Some(digit) = c.to_digit(10) {
            number = number * 10 + u64::from(digit);
            continue;
        }
        let unit = match c {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            other => panic!("{other} in {duration}"),
        };
        total += number * unit;
        number = 0;
    }
    total
}

/// Whether a test case has the alert first inactive, then firing, then inactive. The first check excludes a rule that always
/// fires.
fn covers_start_and_end(alert: &str, case: &TestCase) -> bool {
    let mut moments: Vec<(u64, bool)> = case
        .alert_rule_test
        .iter()
        .filter(|test| test.alertname == alert)
        .map(|test| (seconds(&test.eval_time), !test.exp_alerts.is_empty()))
        .collect();
    moments.sort_unstable();
    let course: Vec<bool> = moments.into_iter().map(|(_, fires)| fires).collect();
    let fires = course.iter().position(|fires| *fires);
    fires.is_some_and(|first| first > 0 && course[first..].contains(&false))
}

#[test]
fn each_alert_is_tested_before_during_and_after_it_fires() {
    let cases: Vec<TestCase> = files("deploy/prometheus/tests", ".test.yml")
        .iter()
        .flat_map(|file| yaml::<TestFile>(file).tests)
        .collect();
    let alerts = alerts();
    let tested: Vec<&str> = alerts
        .iter()
        .map(name)
        .filter(|alert| cases.iter().any(|case| covers_start_and_end(alert, case)))
        .collect();
    let all: Vec<&str> = alerts.iter().map(name).collect();
    assert_eq!(tested, all, "the tested alerts, and all alerts");

    for case in &cases {
        for test in &case.alert_rule_test {
            let alert = &test.alertname;
            assert!(
                all.contains(&alert.as_str()),
                "{alert} in {:?} is not an alert",
                case.name
            );
        }
    }
}

#[test]
fn each_alert_has_a_severity_a_description_and_a_runbook() {
    let runbooks = text("docs/alerts.md");
    let headings: Vec<String> = runbooks
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .map(str::to_lowercase)
        .collect();
    let mut seen = BTreeSet::new();
    for rule in alerts() {
        let alert = name(&rule);
        let severity = rule.labels["severity"].as_str();
        assert!(["critical", "warning"].contains(&severity), "{alert}: {severity}");
        let parts: Vec<&str> = rule.annotations.keys().map(String::as_str).collect();
        assert_eq!(parts, ["description", "runbook_url", "summary"], "{alert}");
        let runbook = &rule.annotations["runbook_url"];
        let section = runbook.strip_prefix("docs/alerts.md#").unwrap();
        assert_eq!(section, alert.to_lowercase());
        let sections = headings.iter().filter(|heading| *heading == section).count();
        assert_eq!(sections, 1, "sections of docs/alerts.md with the name {alert}");
        let description = &rule.annotations["description"];
        let named: &[&str] = match alert {
            phone if phone.starts_with("GeelarkPhone") => &["serial_name", "id", "account"],
            exporter if exporter.starts_with("GeelarkExporter") => &["instance"],
            "GeelarkConfigReloadFailed" | "GeelarkStateNotWritten" => &["instance"],
            _ => &["account"],
        };
        for label in named {
            assert!(
                description.contains(&format!("$labels.{label}")),
                "{alert} does not name {label}"
            );
        }
        assert!(seen.insert(alert.to_lowercase()), "{alert} occurs twice");
    }
    for heading in headings.iter().filter(|heading| heading.starts_with("geelark")) {
        assert!(seen.contains(heading), "{heading} is not an alert");
    }
}

#[test]
fn rules_use_only_metrics_that_exist() {
    for rule in rules() {
        assert_eq!(
            unknown(&metrics_in(&rule.expr)),
            [""; 0],
            "{:?}",
            rule.alert.or(rule.record)
        );
    }
}

/// The queries of the runbooks: the indented lines in the sections of the alerts.
pub(crate) fn queries_of_runbooks() -> Vec<String> {
    let text = text("docs/alerts.md");
    let sections = text.split("\n#").filter(|section| section.starts_with("## Geelark"));
    let lines = sections.flat_map(|section| section.lines().filter_map(|line| line.strip_prefix("    ")));
    lines.map(str::to_owned).collect()
}

#[test]
fn runbooks_use_only_metrics_that_exist() {
    let queries = queries_of_runbooks();
    assert!(queries.len() > alerts().len(), "{queries:?}");
    for query in queries {
        assert_eq!(unknown(&metrics_in(&query)), [""; 0], "{query}");
    }
}

#[tokio::test]
async fn the_message_template_names_the_phone_and_the_runbook() {
    let dir = tempfile::TempDir::new().unwrap();
    let data = dir.path().join("data.json");
    let alert = |status: &str, name: &str| {
        serde_json::json!({"status": status, "labels": {"id": "1"}, "startsAt": "2026-01-01T00:00:00Z",
            "endsAt": "2026-01-01T00:00:00Z", "annotations": {"summary": format!("{name} is gone"),
            "description": format!("{name} (id 1) is gone."), "runbook_url": "docs/alerts.md#x"}})
    };
    let message = serde_json::json!({"status": "firing", "receiver": "mail", "externalURL": "",
        "groupLabels": {"alertname": "GeelarkPhoneNotFound", "account": "main"}, "commonLabels": {},
        "commonAnnotations": {}, "alerts": [alert("firing", "shop 1"), alert("resolved", "shop 2")]});
    std::fs::write(&data, message.to_string()).unwrap();
    let output = tool("amtool")
        .args(["template", "render"])
        .arg(format!(
            "--template.glob={}/*.tmpl",
            path("deploy/alertmanager").display()
        ))
        .arg(format!("--template.data={}", data.display()))
        .arg("--template.text={{ template \"geelark.title\" . }}\n{{ template \"geelark.text\" . }}")
        .output()
        .await
        .unwrap_or_else(|error| missing("amtool", &error));
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let expected = "[firing] GeelarkPhoneNotFound, account main (1 firing)\n\
        shop 1 is gone\nshop 1 (id 1) is gone.\nWhat to do: docs/alerts.md#x\n\nResolved:\n  shop 2 is gone\n";
    assert_eq!(text.trim_end(), expected.trim_end());
}
