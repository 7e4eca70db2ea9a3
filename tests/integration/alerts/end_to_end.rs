//! An alert from the simulator through the exporter, Prometheus and Alertmanager to a receiver.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shipped::{copy_with_short_durations, path, prometheus_folder};
use crate::support::{Alertmanager, Exporter, FAST, Listener, Prometheus, Upstream, eventually};

/// A name with characters that templates must keep.
const NAME: &str = "shop \"1\" 云";

#[tokio::test(flavor = "multi_thread")]
async fn alerts_about_an_expired_and_a_deleted_phone_reach_the_receiver_and_resolve() {
    let upstream = Upstream::start(&["--phones=10"]).await;
    let [expiring, deleted] = [&upstream.ids[0], &upstream.ids[1]];
    for (id, name) in [(expiring, NAME), (deleted, "shop 2")] {
        upstream
            .change(id, json!({"serialName": name, "status": "shut_down"}))
            .await;
    }
    let exporter = Exporter::start(&upstream.config(FAST)).await;
    let receiver = Receiver::start().await;
    let alertmanager = Alertmanager::start_in(alertmanager_folder(&format!("{}/", receiver.listener.url))).await;
    let prometheus = Prometheus::start_in(prometheus_folder(&exporter.url, alertmanager.address())).await;
    eventually("Prometheus to have the phones", || async {
        let series = prometheus
            .query(&format!("phone_status{{id=~\"{expiring}|{deleted}\"}}"))
            .await;
        (series.len() == 2).then_some(())
    })
    .await;

    let happened = Instant::now();
    upstream.change(expiring, json!({"status": "expired"})).await;
    upstream.delete(deleted).await;
    let expired = receiver.expect("firing", "GeelarkPhoneExpired", expiring).await;
    let delay = happened.elapsed();
    println!("{:.1} s from the expiry to the receiver", delay.as_secs_f64());
    let not_found = receiver.expect("firing", "GeelarkPhoneNotFound", deleted).await;
    assert_eq!(expired["annotations"]["summary"], format!("Phone {NAME:?} has expired"));
    assert_eq!(expired["labels"]["account"], "main");
    assert_eq!(not_found["annotations"]["summary"], "Phone \"shop 2\" does not exist");
    let description = not_found["annotations"]["description"].as_str().unwrap();
    assert!(
        description.contains(deleted) && description.contains("account main"),
        "{description}"
    );

    let happened = Instant::now();
    upstream.change(expiring, json!({"status": "shut_down"})).await;
    upstream.change(deleted, json!({"exists": true})).await;
    receiver.expect("resolved", "GeelarkPhoneExpired", expiring).await;
    receiver.expect("resolved", "GeelarkPhoneNotFound", deleted).await;
    println!(
        "{:.1} s from the renewal to the receiver",
        happened.elapsed().as_secs_f64()
    );
}

/// A folder with the shipped configuration of Alertmanager, with intervals of a second and the receiver's address.
fn alertmanager_folder(receiver: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    copy_with_short_durations(
        "deploy/alertmanager/alertmanager.yml",
        dir.path(),
        &["group_wait", "group_interval"],
        &[("http://localhost:9099/", receiver)],
    );
    let template = "deploy/alertmanager/geelark.tmpl";
    std::fs::copy(path(template), dir.path().join("geelark.tmpl")).unwrap();
    dir
}

/// A receiver of Alertmanager's webhooks.
struct Receiver {
    listener: Listener,
    received: Received,
}

type Received = Arc<Mutex<Vec<Value>>>;

impl Receiver {
    async fn start() -> Self {
        let received = Received::default();
        let router = Router::new()
            .route(
                "/",
                post(|State(received): State<Received>, body: String| async move {
                    let message: Value = serde_json::from_str(&body).unwrap();
                    let alerts = message["alerts"].as_array().unwrap().clone();
                    received.lock().unwrap().extend(alerts);
                }),
            )
            .with_state(received.clone());
        Self {
            listener: Listener::start(router).await,
            received,
        }
    }

    /// Waits for an alert about the phone with this status.
    async fn expect(&self, status: &str, name: &str, id: &str) -> Value {
        eventually(&format!("{name} to be {status}"), || async {
            let alerts = self.received.lock().unwrap();
            let found = alerts.iter().find(|alert| {
                alert["status"] == status && alert["labels"]["alertname"] == name && alert["labels"]["id"] == id
            });
            found.cloned()
        })
        .await
    }
}
