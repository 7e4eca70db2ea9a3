//! Well-formed responses with wrong content.

use serde_json::json;

use super::Fixture;
use super::fixture::{FIRST_BATCH, OTHER_ACCOUNT, SECOND_BATCH, assert_other_account_healthy, stale, up};
use crate::support::Samples;

/// Changes the status of the first phone, and waits until the exporter shows the change.
async fn wait_for_a_change(fixture: &Fixture) -> Samples {
    let id = fixture.upstream.ids[0].as_str();
    let status = |samples: &Samples| samples.value("phone_status", &[("id", id)]);
    let started = status(&fixture.exporter.samples().await) == Some(0.0);
    let (word, next) = if started { ("expired", 3.0) } else { ("started", 0.0) };
    fixture.upstream.change(id, json!({"status": word})).await;
    fixture
        .exporter
        .until("the new status", |samples| status(samples) == Some(next))
        .await
}

fn unanswered(samples: &Samples) -> f64 {
    samples
        .value("geelark_poll_unanswered_phones", &[("account", "main")])
        .unwrap()
}

/// Waits until this number of phones in the first batch is stale because responses omit them.
async fn wait_for_omitted(fixture: &Fixture, phones: usize) {
    let wanted = phones as f64;
    let are_stale = |samples: &Samples| stale(samples) == wanted && unanswered(samples) == wanted;
    let samples = fixture
        .exporter
        .until("omitted phones to become stale", are_stale)
        .await;
    assert_eq!(up(&samples, "main"), 1.0, "each batch had a response");
    assert!(
        samples.of("geelark_api_request_failures_total").is_empty(),
        "a response is no failure"
    );
    let output = fixture.exporter.output();
    assert!(output.contains("the answer omits requested ids"), "{output}");
    assert_other_account_healthy(&samples);
    fixture.stays_responsive().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_without_data_affects_one_batch() {
    for fault in ["data-null", "null-lists", "missing-lists"] {
        let fixture = Fixture::start().await;
        fixture.inject_into_batch(fault).await;
        wait_for_omitted(&fixture, FIRST_BATCH).await;
        fixture.recover().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_the_wrong_type_affect_their_phones() {
    let fixture = Fixture::start().await;
    fixture.inject_into_batch("wrong-type").await;
    wait_for_omitted(&fixture, FIRST_BATCH).await;
    fixture.recover().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn omitted_ids_affect_their_phones() {
    let fixture = Fixture::start().await;
    fixture.inject_into_batch("omit").await;
    wait_for_omitted(&fixture, FIRST_BATCH / 2).await;
    fixture.recover().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_counts_are_ignored() {
    has_no_effect("counts").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_in_quotes_are_read() {
    has_no_effect("strings").await;
}

/// Asserts that the exporter reads responses with this fault as if they were correct.
async fn has_no_effect(fault: &str) {
    let fixture = Fixture::start().await;
    fixture.inject_into_batch(fault).await;
    assert_healthy(&wait_for_a_change(&fixture).await);
    fixture.recover().await;
}

fn assert_healthy(samples: &Samples) {
    assert_eq!(
        (up(samples, "main"), stale(samples), unanswered(samples)),
        (1.0, 0.0, 0.0)
    );
    assert!(samples.of("geelark_api_request_failures_total").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_of_two_entries_counts() {
    let fixture = Fixture::start().await;
    fixture.inject_into_batch("repeat").await;
    // `Samples` panics when a series occurs twice. The fault's second entries have other statuses.
    let samples = wait_for_a_change(&fixture).await;
    assert_eq!(
        samples.of("phone_status").len(),
        FIRST_BATCH + SECOND_BATCH + OTHER_ACCOUNT
    );
    let shown = samples
        .find("phone_status", &[("id", &fixture.upstream.ids[0])])
        .unwrap();
    assert!(
        !shown.labels["serial_name"].ends_with("(again)"),
        "the first entry counts: {shown:?}"
    );
    assert_healthy(&samples);
    let output = fixture.exporter.output();
    assert!(
        output.contains("the answer repeats ids; the first mention counts"),
        "{output}"
    );
    fixture.recover().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unrequested_ids_are_ignored() {
    let fixture = Fixture::start().await;
    fixture.inject_into_batch("strangers").await;
    let samples = wait_for_a_change(&fixture).await;
    assert_healthy(&samples);
    let text = fixture.exporter.text().await;
    assert!(
        !text.contains("999999999999999999") && !text.contains("stranger"),
        "{text}"
    );
    let output = fixture.exporter.output();
    assert!(
        output.contains("the answer has ids that were not requested; they are ignored"),
        "{output}"
    );
    fixture.recover().await;
}
