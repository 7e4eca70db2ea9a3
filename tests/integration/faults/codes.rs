//! Error codes in GeeLark's responses.

use std::collections::BTreeMap;

use nix::sys::signal::Signal;
use serde_json::json;

use super::Fixture;
use super::fixture::{
    FIRST_BATCH, OTHER_ACCOUNT, SECOND_BATCH, affects_one_batch, assert_other_account_healthy, locked_until, stale, up,
};
use crate::support::{Exporter, FAST, Samples, Upstream, unix_now};

const LOCK: f64 = 7200.0;

#[tokio::test(flavor = "multi_thread")]
async fn an_error_code_affects_one_batch() {
    affects_one_batch(&[
        ("code:40000", "40000"),
        ("code:50000", "50000"),
        ("code:40006", "40006"),
        ("code:40009", "40009"),
        ("code:12345", "12345"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_request_code_affects_one_batch() {
    affects_one_batch(&[
        ("code:40001", "40001"),
        ("code:40002", "40002"),
        ("code:40008", "40008"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partial_failure_shows_its_details() {
    let fixture = Fixture::start().await;
    for (fault, status) in [("code-with-data:40006", 3), ("code-with-data:40009", 1)] {
        fixture.inject_into_batch(fault).await;
        let id = fixture.upstream.ids[0].as_str();
        fixture.upstream.change(id, json!({"status": status})).await;
        let shown = |samples: &Samples| samples.value("phone_status", &[("id", id)]) == Some(f64::from(status));
        let samples = fixture.exporter.until("the status in the details", shown).await;
        assert_eq!((up(&samples, "main"), stale(&samples)), (1.0, 0.0));
        assert!(
            samples.of("geelark_api_request_failures_total").is_empty(),
            "a response is no failure"
        );
    }
    fixture.recover().await;
}

/// Takes 15 s of real time, because the first back-off after a refusal is that long.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_blocks_the_account() {
    block_their_accounts(
        &[
            "code:40003",
            "code:40005",
            "code:40011",
            "code:40012",
            "code:40015",
            "code:40016",
        ],
        |_| 0.0..=0.0,
    )
    .await;
}

/// Takes a minute of real time, because these blocks last that long.
#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_blocks_the_account_for_a_minute() {
    block_their_accounts(&["code:40007", "code:40017", "http:429"], |now| now + 55.0..=now + 61.0).await;
}

/// Runs one exporter with an account for each fault and one account without a fault. Each fault affects one call, so an
/// account without a block would recover at the next call.
async fn block_their_accounts(faults: &[&str], locked: impl Fn(f64) -> std::ops::RangeInclusive<f64>) {
    let mut upstreams = BTreeMap::new();
    let mut config = "accounts:\n".to_owned();
    for (seed, fault) in std::iter::once(&"none").chain(faults).enumerate() {
        let upstream = Upstream::start(&["--phones=5", &format!("--seed={seed}")]).await;
        config += &upstream.account(&format!("'{fault}'"), &upstream.ids, FAST);
        if *fault != "none" {
            upstream.faults(json!([fault])).await;
        }
        upstreams.insert(*fault, upstream);
    }
    let exporter = Exporter::start(&config).await;
    exporter.ready().await;
    let begun = unix_now();
    let samples = exporter.samples().await;
    assert_eq!(
        samples.of("phone_status").len(),
        5,
        "only the account without a fault has statuses"
    );
    for fault in faults {
        let reason = fault.replace("code:", "").replace(':', "_");
        let labels = [("account", *fault), ("reason", &reason)];
        assert_eq!(samples.value("geelark_api_request_failures_total", &labels), Some(1.0));
        assert_eq!(up(&samples, fault), 0.0);
        let until = samples
            .value("geelark_api_locked_until_timestamp_seconds", &[("account", fault)])
            .unwrap();
        assert!(
            locked(begun).contains(&until),
            "{fault}: locked until {until}, now {begun}"
        );
        assert_eq!(upstreams[fault].calls().await.total, 1, "{fault} blocks the account");
        upstreams[fault].faults(json!([])).await;
    }
    for fault in faults {
        while up(&exporter.samples().await, fault) != 1.0 {
            // A minute is longer than TIMEOUT. The test waits as long as the account without a fault makes calls.
            let calls = upstreams["none"].calls().await.total;
            upstreams["none"].wait_for_calls(calls + 2).await;
            assert!(unix_now() < begun + 90.0, "the block of {fault} does not end");
        }
        let calls = upstreams[fault].calls().await.each;
        let waited = calls[1].at_ms - calls[0].at_ms;
        assert!(waited >= 15_000, "{fault}: {waited} ms");
    }
    assert_eq!(exporter.samples().await.of("phone_status").len(), 5 + 5 * faults.len());
}

/// Tests of the poller and of the gate use paused time to prove that the lock ends after two hours.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_blocks_the_account_for_two_hours() {
    for code in ["40014", "47002"] {
        let fixture = Fixture::start().await;
        fixture.inject(&format!("code:{code}")).await;
        fixture.expect_failure(code).await;
        let until = locked_until(&fixture.wait_for_lock().await);
        assert!((until - unix_now() - LOCK).abs() < 10.0, "locked until {until}");
        // Calls that were in flight when the lock began may still arrive. From here on there must be none.
        let rounds_of_the_other = |samples: &Samples| {
            let labels = [("account", "other"), ("endpoint", "phone_status")];
            samples.value("geelark_api_requests_total", &labels).unwrap()
        };
        let calls = fixture.upstream.calls().await.total;
        fixture.clear_faults().await;
        let config = std::fs::read_to_string(fixture.exporter.dir.path().join("geelark.yml")).unwrap();
        fixture
            .exporter
            .configure(&config.replace("stale_after: 3s", "stale_after: 4s"));
        fixture.exporter.signal(Signal::SIGHUP);
        fixture.wait_for_stale_account().await;
        let now = rounds_of_the_other(&fixture.exporter.samples().await);
        let samples = fixture
            .exporter
            .until("two more rounds", |samples| rounds_of_the_other(samples) >= now + 2.0)
            .await;
        assert_eq!(
            fixture.upstream.calls().await.total,
            calls,
            "a lock prevents calls, also after a reload"
        );
        assert_eq!(locked_until(&samples), until);
    }
}

/// Tests of the fleet and of the poller use paused time to prove that the id is requested again after ten minutes.
#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_id_is_isolated() {
    for code in ["40004", "42001", "43004"] {
        let fixture = Fixture::start().await;
        fixture.inject_into_batch(&format!("code:{code}")).await;
        fixture.expect_failure(code).await;
        let isolated = |samples: &Samples| {
            let unanswered = samples.value("geelark_poll_unanswered_phones", &[("account", "main")]);
            stale(samples) == 1.0 && unanswered == Some(1.0)
        };
        let samples = fixture.exporter.until("the invalid id to be isolated", isolated).await;
        assert!(
            samples
                .find("phone_status", &[("id", &fixture.upstream.ids[0])])
                .is_none()
        );
        assert!(
            samples
                .find("phone_status", &[("id", &fixture.upstream.ids[1])])
                .is_some()
        );
        assert_other_account_healthy(&samples);
        let output = fixture.exporter.output();
        let line = output.lines().find(|line| line.contains("GeeLark rejects this id"));
        assert!(
            line.is_some_and(|line| line.contains(&fixture.upstream.ids[0])),
            "{output}"
        );
        // Without the invalid id the round is complete.
        fixture
            .exporter
            .until("a complete round", |samples| up(samples, "main") == 1.0)
            .await;
        fixture.stays_responsive().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_phone_is_shown_as_not_found() {
    let fixture = Fixture::start().await;
    let id = fixture.upstream.ids[0].as_str();
    fixture.upstream.delete(id).await;
    let not_found = |samples: &Samples| samples.value("phone_not_found", &[("id", id)]) == Some(1.0);
    let samples = fixture.exporter.until("the phone to be not found", not_found).await;
    assert_eq!((up(&samples, "main"), stale(&samples)), (1.0, 0.0));
    assert!(samples.find("phone_status", &[("id", id)]).is_none());
    assert_eq!(
        samples.of("phone_status").len(),
        FIRST_BATCH + SECOND_BATCH + OTHER_ACCOUNT - 1
    );
    assert!(samples.of("geelark_api_request_failures_total").is_empty());
    fixture.upstream.change(id, json!({"exists": true})).await;
    fixture.recover().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn code_43004_means_expired() {
    let fixture = Fixture::start().await;
    let expired = |samples: &Samples| samples.value("geelark_phones", &[("account", "main"), ("status", "expired")]);
    let before = expired(&fixture.exporter.samples().await).unwrap();
    fixture.inject("expired-fails").await;
    // One more phone expires. When it is shown, a response with the fault has been applied.
    let is_rented = |phone: &&serde_json::Value| phone["status"] != 3;
    let phones = fixture.upstream.phones().await;
    let id = phones.iter().find(is_rented).unwrap()["id"].as_str().unwrap();
    fixture.upstream.change(id, json!({"status": "expired"})).await;
    let samples = fixture
        .exporter
        .until("one more expired phone", |samples| {
            expired(samples) == Some(before + 1.0)
        })
        .await;
    assert_eq!(samples.value("phone_status", &[("id", id)]), Some(3.0));
    assert_eq!((up(&samples, "main"), stale(&samples)), (1.0, 0.0));
    fixture.recover().await;
}
