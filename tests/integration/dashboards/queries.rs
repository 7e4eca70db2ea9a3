//! Evaluates each query of each panel and variable in a real Prometheus.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::model::{Panel, Target};
use super::variables::{QueryVariable, Variable};
use super::{dashboards, targets};
use crate::alerts::queries_of_runbooks;
use crate::shipped::prometheus_folder;
use crate::support::{Exporter, FAST, Prometheus, Upstream, eventually_within, unix_now};

/// The values of the variables, without `$id`. Longer names come first, because they may begin with shorter ones.
const VARIABLES: [(&str, &str); 5] = [
    ("$__rate_interval", "10s"),
    ("$__range", "1m"),
    ("$account", ".*"),
    ("$group", ".*"),
    ("$status", ".*"),
];

/// Metrics of GeeLark's plan, which an exporter does not request in its first minute of real time.
const PLAN_METRICS: [&str; 2] = ["geelark_plan_", "geelark_phones_running_beyond_parallels"];

const PLAN_TIMEOUT: Duration = Duration::from_secs(100);

struct Grafana<'a> {
    prometheus: &'a Prometheus,
    /// `$id`
    id: &'a str,
}

impl Grafana<'_> {
    fn with_values(&self, expr: &str) -> String {
        let all = VARIABLES.into_iter().chain([("$id", self.id)]);
        let expr = all.fold(expr.to_owned(), |expr, (name, value)| expr.replace(name, value));
        assert!(!expr.contains('$'), "a variable has no value: {expr}");
        expr
    }

    /// The series that a panel's query finds.
    async fn series(&self, target: &Target) -> Vec<Value> {
        let query = self.with_values(&target.expr);
        if target.instant == Some(true) {
            return self.prometheus.query(&query).await;
        }
        assert_eq!(target.range, Some(true), "{query}: neither instant nor range");
        let now = unix_now();
        let (start, end) = ((now - 5.0).to_string(), now.to_string());
        let params = [
            ("query", query.as_str()),
            ("start", &start),
            ("end", &end),
            ("step", "1"),
        ];
        let data = self.prometheus.request("query_range", &params).await;
        data["result"].as_array().unwrap().clone()
    }

    /// The number of values of a variable.
    async fn values(&self, variable: &QueryVariable) -> usize {
        let query = self.with_values(&variable.query.query);
        let (function, arguments) = query.strip_suffix(')').unwrap().split_once('(').unwrap();
        match (function, variable.query.qry_type) {
            ("label_values", 1) => {
                let (selector, label) = arguments.rsplit_once(", ").unwrap();
                let endpoint = format!("label/{label}/values");
                let values = self.prometheus.request(&endpoint, &[("match[]", selector)]).await;
                values.as_array().unwrap().len()
            }
            ("query_result", 3) => self.prometheus.query(arguments).await.len(),
            other => panic!("{other:?} is not a query of a variable"),
        }
    }
}

/// The labels that a panel shows in its legend or as columns.
fn shown_labels(panel: &Panel, target: &Target) -> BTreeSet<String> {
    let legend = target.legend_format.as_deref().unwrap_or_default();
    let in_legend = legend.split("{{").skip(1).map(|part| part.split("}}").next().unwrap());
    let columns = panel.columns();
    let columns = columns.iter().map(String::as_str).filter(|column| *column != "Value");
    in_legend.chain(columns).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_query_finds_data_of_a_fleet_with_failures() {
    let upstream = Upstream::start(&["--phones=40", "--missing=3", "--fault=http:503,count=2"]).await;
    let id = upstream.ids[0].clone();
    let change = json!({"serialName": "shop 1", "status": "started", "chargeMode": 1, "monthlyExpire": 4_000_000_000_u32, "exists": true});
    upstream.change(&id, change).await;
    upstream.change(&upstream.ids[1], json!({"serialName": "shop 2"})).await;
    let state = TempDir::new().unwrap();
    let account = upstream.config(&format!(
        "      discovery: {{refresh_interval: 1s}}\n{FAST}\n    webhook: {{enabled: true}}"
    ));
    let config = format!("{account}state: {{path: {}}}\n", state.path().display());
    let exporter = Exporter::start(&config).await;
    exporter
        .until("a complete round", |samples| {
            samples.value("geelark_up", &[]) == Some(1.0)
        })
        .await;
    // The phone is deleted after its name is known.
    upstream.delete(&upstream.ids[1]).await;
    let prometheus = Prometheus::start_in(prometheus_folder(&exporter.url, "127.0.0.1:9")).await;
    let grafana = Grafana {
        prometheus: &prometheus,
        id: &id,
    };
    let dashboards = dashboards();

    let mut targets = targets(&dashboards);
    // The plan comes last, because it takes a minute.
    targets.sort_by_key(|(_, _, target)| PLAN_METRICS.iter().any(|name| target.expr.contains(name)));
    let mut evaluated = 0;
    for (place, panel, target) in targets {
        let shown = shown_labels(panel, target);
        // Rates need two scrapes, and alerts two evaluations.
        let series = eventually_within(PLAN_TIMEOUT, &format!("data for {place}: {}", target.expr), || async {
            Some(grafana.series(target).await).filter(|series| !series.is_empty())
        })
        .await;
        for label in &shown {
            let has = series.iter().any(|series| series["metric"].get(label).is_some());
            assert!(has, "{place}: no series has the label {label}");
        }
        evaluated += 1;
    }
    for dashboard in &dashboards {
        for variable in &dashboard.templating.list {
            if let Variable::Query(variable) = variable {
                let place = format!("{}, variable {}", dashboard.title, variable.name);
                assert!(grafana.values(variable).await > 0, "{place}");
                evaluated += 1;
            }
        }
    }
    for query in queries_of_runbooks() {
        // A runbook's query may find nothing. It fails if Prometheus cannot parse it or if a join is ambiguous.
        prometheus.query(&query).await;
    }
    println!("{evaluated} queries found data");
}
