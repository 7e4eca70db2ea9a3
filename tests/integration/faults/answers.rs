//! Answers that are well-formed and wrong.

use serde_json::json;

use super::Scene;
use super::scene::{STRUCK, spares_the_other, stale, up};
use crate::support::Samples;

/// Waits until the first phone is shown with another status than now: answers get through.
async fn answers_get_through(scene: &Scene) -> Samples {
    let id = scene.upstream.ids[0].as_str();
    let status = |samples: &Samples| samples.value("phone_status", &[("id", id)]);
    let started = status(&scene.exporter.samples().await) == Some(0.0);
    let (word, next) = if started { ("expired", 3.0) } else { ("started", 0.0) };
    scene.upstream.change(id, json!({"status": word})).await;
    scene
        .exporter
        .until("the new status", |samples| status(samples) == Some(next))
        .await
}

fn unanswered(samples: &Samples) -> f64 {
    samples
        .value("geelark_poll_unanswered_phones", &[("account", "main")])
        .unwrap()
}

/// Waits until so many phones of the first batch are not shown because nothing was said of them.
async fn loses(scene: &Scene, phones: usize) {
    let wanted = phones as f64;
    let gone = |samples: &Samples| stale(samples) == wanted && unanswered(samples) == wanted;
    let samples = scene.exporter.until("phones to grow stale", gone).await;
    assert_eq!(up(&samples, "main"), 1.0, "every batch got an answer");
    assert!(
        samples.of("geelark_api_request_failures_total").is_empty(),
        "an answer is no failure"
    );
    let output = scene.exporter.output();
    assert!(output.contains("the answer omits requested ids"), "{output}");
    spares_the_other(&samples);
    scene.is_bearable().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_data() {
    for fault in ["data-null", "null-lists", "missing-lists"] {
        let scene = Scene::start().await;
        scene.strike_batch(fault).await;
        loses(&scene, STRUCK).await;
        scene.heals().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_the_wrong_type() {
    let scene = Scene::start().await;
    scene.strike_batch("wrong-type").await;
    loses(&scene, STRUCK).await;
    scene.heals().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_not_answered() {
    let scene = Scene::start().await;
    scene.strike_batch("omit").await;
    loses(&scene, STRUCK / 2).await;
    scene.heals().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_that_contradict_the_lists() {
    unnoticed("counts").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_in_quotes() {
    unnoticed("strings").await;
}

/// What is oddly said, but true, is believed.
async fn unnoticed(fault: &str) {
    let scene = Scene::start().await;
    scene.strike_batch(fault).await;
    nothing_is_wrong(&answers_get_through(&scene).await);
    scene.heals().await;
}

fn nothing_is_wrong(samples: &Samples) {
    assert_eq!(
        (up(samples, "main"), stale(samples), unanswered(samples)),
        (1.0, 0.0, 0.0)
    );
    assert!(samples.of("geelark_api_request_failures_total").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_answered_twice() {
    let scene = Scene::start().await;
    scene.strike_batch("repeat").await;
    // The reader of metrics refuses two samples of one series, and the fault's second answers have other statuses.
    let samples = answers_get_through(&scene).await;
    assert_eq!(samples.of("phone_status").len(), STRUCK + 50 + 5);
    let shown = samples.find("phone_status", &[("id", &scene.upstream.ids[0])]).unwrap();
    assert!(
        !shown.labels["serial_name"].ends_with("(again)"),
        "the first answer counts: {shown:?}"
    );
    nothing_is_wrong(&samples);
    let output = scene.exporter.output();
    assert!(
        output.contains("the answer repeats ids; the first mention counts"),
        "{output}"
    );
    scene.heals().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_nobody_asked_about() {
    let scene = Scene::start().await;
    scene.strike_batch("strangers").await;
    let samples = answers_get_through(&scene).await;
    nothing_is_wrong(&samples);
    let text = scene.exporter.text().await;
    assert!(
        !text.contains("999999999999999999") && !text.contains("stranger"),
        "{text}"
    );
    let output = scene.exporter.output();
    assert!(
        output.contains("the answer has ids that were not requested; they are ignored"),
        "{output}"
    );
    scene.heals().await;
}
