//! Every query of every panel and variable, asked of a real Prometheus.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::model::{Panel, QueryVariable, Target, Variable};
use super::{dashboards, targets};
use crate::alerts::queries_of_runbooks;
use crate::shipped::{metrics_in, prometheus_folder, unknown};
use crate::support::{Exporter, FAST, Prometheus, Upstream, eventually_within, unix_now};

/// What the variables stand for in this test, `$id` aside. Longer names first: `$__range` is no `$__r`.
const VARIABLES: [(&str, &str); 5] = [
    ("$__rate_interval", "10s"),
    ("$__range", "1m"),
    ("$account", ".*"),
    ("$group", ".*"),
    ("$status", ".*"),
];

/// The metrics that come from GeeLark's plan, for which an exporter does not ask in its first minute.
const OF_THE_PLAN: [&str; 2] = ["geelark_plan_", "geelark_phones_running_beyond_parallels"];

const PATIENCE_FOR_THE_PLAN: Duration = Duration::from_secs(100);

struct StatusRequest<'a> {
    prometheus: &'a Prometheus,
    /// `$id`
    id: &'a str,
}

impl StatusRequest<'_> {
    fn with_values(&self, expr: &str) -> String {
        let all = VARIABLES.into_iter().chain([("$id", self.id)]);
        let expr = all.fold(expr.to_owned(), |expr, (name, value)| expr.replace(name, value));
        assert!(!expr.contains('$'), "a variable without a value: {expr}");
        expr
    }

    /// The series that a panel's query finds, as Grafana would ask.
    async fn series(&self, target: &Target) -> Vec<Value> {
        let query = self.with_values(&target.expr);
        if target.instant == Some(true) {
            return self.prometheus.query(&query).await;
        }
        assert_eq!(target.range, Some(true), "{query}: neither now nor over time");
        let now = unix_now();
        let (start, end) = ((now - 5.0).to_string(), now.to_string());
        let params = [
            ("query", query.as_str()),
            ("start", &start),
            ("end", &end),
            ("step", "1"),
        ];
        let data = self.prometheus.ask("query_range", &params).await;
        data["result"].as_array().unwrap().clone()
    }

    /// How many values a variable offers.
    async fn values(&self, variable: &QueryVariable) -> usize {
        let query = self.with_values(&variable.query.query);
        let (function, arguments) = query.strip_suffix(')').unwrap().split_once('(').unwrap();
        match (function, variable.query.qry_type) {
            ("label_values", 1) => {
                let (selector, label) = arguments.rsplit_once(", ").unwrap();
                let endpoint = format!("label/{label}/values");
                let values = self.prometheus.ask(&endpoint, &[("match[]", selector)]).await;
                values.as_array().unwrap().len()
            }
            ("query_result", 3) => self.prometheus.query(arguments).await.len(),
            other => panic!("{other:?} is no query of a variable"),
        }
    }
}

/// The labels that a panel shows: in its legend, or as columns.
fn shown_labels(panel: &Panel, target: &Target) -> BTreeSet<String> {
    let legend = target.legend_format.as_deref().unwrap_or_default();
    let in_legend = legend.split("{{").skip(1).map(|part| part.split("}}").next().unwrap());
    let columns = panel.columns();
    let columns = columns.iter().map(String::as_str).filter(|column| *column != "Value");
    in_legend.chain(columns).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_finds_something_in_a_fleet_that_has_seen_trouble() {
    let upstream = Upstream::start(&["--phones=40", "--missing=3", "--fault=http:503,count=2"]).await;
    let id = upstream.ids[0].clone();
    let change = json!({"serialName": "shop 1", "status": "started", "chargeMode": 1, "monthlyExpire": 4_000_000_000_u32, "exists": true});
    upstream.change(&id, change).await;
    upstream.change(&upstream.ids[1], json!({"serialName": "shop 2"})).await;
    let state = TempDir::new().unwrap();
    let has = |metric: &str| unknown(&[metric.to_owned()].into()).is_empty();
    let mut config = upstream.config(&format!("      discovery: {{refresh_interval: 1s}}\n{FAST}"));
    if has("geelark_webhook_requests_total") {
        config += "    webhook: {enabled: true}\n";
    }
    if has("geelark_exporter_state_last_write_successful") {
        config = format!("{config}state: {{path: {}}}\n", state.path().display());
    }
    let exporter = Exporter::start(&config).await;
    exporter
        .until("a complete round", |samples| {
            samples.value("geelark_up", &[]) == Some(1.0)
        })
        .await;
    // Gone after it had been named.
    upstream.vanish(&upstream.ids[1]).await;
    let prometheus = Prometheus::start_in(prometheus_folder(&exporter.url, "127.0.0.1:9")).await;
    let question = StatusRequest {
        prometheus: &prometheus,
        id: &id,
    };
    let dashboards = dashboards();

    let mut targets = targets(&dashboards);
    // The plan comes last: it takes a minute.
    targets.sort_by_key(|(_, _, target)| OF_THE_PLAN.iter().any(|name| target.expr.contains(name)));
    let mut asked = 0;
    for (place, panel, target) in targets {
        if !unknown(&metrics_in(&target.expr)).is_empty() {
            println!("not shown by the exporter yet: {place}");
            continue;
        }
        let shown = shown_labels(panel, target);
        // Rates need two scrapes, and alerts two evaluations.
        let series = eventually_within(
            PATIENCE_FOR_THE_PLAN,
            &format!("data for {place}: {}", target.expr),
            || async { Some(question.series(target).await).filter(|series| !series.is_empty()) },
        )
        .await;
        for label in &shown {
            let has = series.iter().any(|series| series["metric"].get(label).is_some());
            assert!(has, "{place}: no series has the label {label} that is shown");
        }
        asked += 1;
    }
    for dashboard in &dashboards {
        for variable in &dashboard.templating.list {
            if let Variable::Query(variable) = variable {
                let place = format!("{}, variable {}", dashboard.title, variable.name);
                assert!(question.values(variable).await > 0, "{place}");
                asked += 1;
            }
        }
    }
    for query in queries_of_runbooks() {
        // Whether it finds something is another matter; it fails if Prometheus cannot read it or join by it.
        prometheus.query(&query).await;
    }
    println!("{asked} queries found data");
}
