//! From a phone at the simulator, through the exporter, Prometheus and Alertmanager, to a person.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shipped::{impatient, path, prometheus_folder};
use crate::support::{Alertmanager, Exporter, FAST, Listener, Prometheus, Upstream, eventually};

/// A phone's name as people type them.
const NAME: &str = "shop \"1\" 云";

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_and_a_vanished_phone_reach_a_person_by_name_and_so_does_their_return() {
    let upstream = Upstream::start(&["--phones=10"]).await;
    let [expiring, vanishing] = [&upstream.ids[0], &upstream.ids[1]];
    for (id, name) in [(expiring, NAME), (vanishing, "shop 2")] {
        upstream
            .change(id, json!({"serialName": name, "status": "shut_down"}))
            .await;
    }
    let exporter = Exporter::start(&upstream.config(FAST)).await;
    let person = Person::listening().await;
    let alertmanager = Alertmanager::start_in(alertmanager_folder(&format!("{}/", person.listener.url))).await;
    let prometheus = Prometheus::start_in(prometheus_folder(&exporter.url, alertmanager.address())).await;
    eventually("Prometheus to have the phones", || async {
        let series = prometheus
            .query(&format!("phone_status{{id=~\"{expiring}|{vanishing}\"}}"))
            .await;
        (series.len() == 2).then_some(())
    })
    .await;

    let happened = Instant::now();
    upstream.change(expiring, json!({"status": "expired"})).await;
    upstream.vanish(vanishing).await;
    let expired = person.hears("firing", "GeelarkPhoneExpired", expiring).await;
    let heard = happened.elapsed();
    println!("{:.1} s from the expiry at GeeLark to the person", heard.as_secs_f64());
    let gone = person.hears("firing", "GeelarkPhoneNotFound", vanishing).await;
    assert_eq!(expired["annotations"]["summary"], format!("Phone {NAME:?} has expired"));
    assert_eq!(expired["labels"]["account"], "main");
    assert_eq!(gone["annotations"]["summary"], "Phone \"shop 2\" does not exist");
    let description = gone["annotations"]["description"].as_str().unwrap();
    assert!(
        description.contains(vanishing) && description.contains("account main"),
        "{description}"
    );

    let happened = Instant::now();
    upstream.change(expiring, json!({"status": "shut_down"})).await;
    upstream.change(vanishing, json!({"exists": true})).await;
    person.hears("resolved", "GeelarkPhoneExpired", expiring).await;
    person.hears("resolved", "GeelarkPhoneNotFound", vanishing).await;
    println!(
        "{:.1} s from the renewal to the person",
        happened.elapsed().as_secs_f64()
    );
}

/// The shipped configuration with a second for its intervals, and the person's address.
fn alertmanager_folder(person: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    impatient(
        "deploy/alertmanager/alertmanager.yml",
        dir.path(),
        &["group_wait", "group_interval"],
        &[("http://localhost:9099/", person)],
    );
    let template = "deploy/alertmanager/geelark.tmpl";
    std::fs::copy(path(template), dir.path().join("geelark.tmpl")).unwrap();
    dir
}

/// Who is told: a receiver of Alertmanager's webhooks.
struct Person {
    listener: Listener,
    heard: Heard,
}

type Heard = Arc<Mutex<Vec<Value>>>;

impl Person {
    async fn listening() -> Self {
        let heard = Heard::default();
        let router = Router::new()
            .route(
                "/",
                post(|State(heard): State<Heard>, body: String| async move {
                    let message: Value = serde_json::from_str(&body).unwrap();
                    let alerts = message["alerts"].as_array().unwrap().clone();
                    heard.lock().unwrap().extend(alerts);
                }),
            )
            .with_state(heard.clone());
        Self {
            listener: Listener::start(router).await,
            heard,
        }
    }

    /// Waits until the alert about the phone came with this status.
    async fn hears(&self, status: &str, alert: &str, id: &str) -> Value {
        eventually(&format!("{alert} to be {status}"), || async {
            let heard = self.heard.lock().unwrap();
            let found = heard.iter().find(|heard| {
                heard["status"] == status && heard["labels"]["alertname"] == alert && heard["labels"]["id"] == id
            });
            found.cloned()
        })
        .await
    }
}
