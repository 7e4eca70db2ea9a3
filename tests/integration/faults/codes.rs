//! What GeeLark says by its codes.

use std::collections::BTreeMap;

use nix::sys::signal::Signal;
use serde_json::json;

use super::Scene;
use super::scene::{STRUCK, cost_one_batch, locked_until, spares_the_other, stale, up};
use crate::support::{Exporter, FAST, Samples, Upstream, eventually, unix_now};

const LOCK: f64 = 7200.0;

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_geelarks() {
    cost_one_batch(&[
        ("code:40000", "40000"),
        ("code:50000", "50000"),
        ("code:40006", "40006"),
        ("code:40009", "40009"),
        ("code:12345", "12345"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_geelark_cannot_read() {
    cost_one_batch(&[
        ("code:40001", "40001"),
        ("code:40002", "40002"),
        ("code:40008", "40008"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_failed_partly() {
    let scene = Scene::start().await;
    for (fault, status) in [("code-with-data:40006", 3), ("code-with-data:40009", 1)] {
        scene.strike_batch(fault).await;
        let id = scene.upstream.ids[0].as_str();
        scene.upstream.change(id, json!({"status": status})).await;
        let shown = |samples: &Samples| samples.value("phone_status", &[("id", id)]) == Some(f64::from(status));
        let samples = scene.exporter.until("what the details say", shown).await;
        assert_eq!((up(&samples, "main"), stale(&samples)), (1.0, 0.0));
        assert!(
            samples.of("geelark_api_request_failures_total").is_empty(),
            "an answer is no failure"
        );
    }
    scene.heals().await;
}

/// Each code of a refusal closes its account. In real time: the accounts are asked again after 15 s.
#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_and_permissions() {
    close_their_accounts(
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

/// In real time: GeeLark lifts these in the next minute, so this test takes one.
#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit() {
    close_their_accounts(&["code:40007", "code:40017", "http:429"], |now| now + 55.0..=now + 61.0).await;
}

/// One account for each fault, all in one exporter, and one that is well. The fault strikes once: were there no pause
/// after it, everything would be well at once.
async fn close_their_accounts(faults: &[&str], locked: impl Fn(f64) -> std::ops::RangeInclusive<f64>) {
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
    assert_eq!(samples.of("phone_status").len(), 5, "of the account that is well");
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
        assert_eq!(upstreams[fault].calls().await.total, 1, "{fault} is heeded");
        upstreams[fault].faults(json!([])).await;
    }
    for fault in faults {
        while up(&exporter.samples().await, fault) != 1.0 {
            // A minute is beyond all patience, so it is renewed as long as the account that is well goes on.
            let calls = upstreams["none"].calls().await.total;
            eventually("the account that is well to be asked", || async {
                (upstreams["none"].calls().await.total > calls + 1).then_some(())
            })
            .await;
            assert!(unix_now() < begun + 90.0, "{fault} is not asked again");
        }
        let calls = upstreams[fault].calls().await.each;
        let waited = calls[1].at_ms - calls[0].at_ms;
        assert!(waited >= 15_000, "{fault}: {waited} ms");
    }
    assert_eq!(exporter.samples().await.of("phone_status").len(), 5 + 5 * faults.len());
}

/// That it is over after two hours is proved where time can be stopped: in the tests of the poller and of the gate.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock() {
    for code in ["40014", "47002"] {
        let scene = Scene::start().await;
        scene.strike(&format!("code:{code}")).await;
        scene.counts(code).await;
        let until = locked_until(&scene.is_locked().await);
        assert!((until - unix_now() - LOCK).abs() < 10.0, "locked until {until}");
        // Calls that were under way when the lock came may still be seen; from here on there must be none.
        let rounds_of_the_other = |samples: &Samples| {
            let labels = [("account", "other"), ("endpoint", "phone_status")];
            samples.value("geelark_api_requests_total", &labels).unwrap()
        };
        let calls = scene.upstream.calls().await.total;
        scene.end_fault().await;
        let config = std::fs::read_to_string(scene.exporter.dir.path().join("geelark.yml")).unwrap();
        scene
            .exporter
            .configure(&config.replace("stale_after: 3s", "stale_after: 4s"));
        scene.exporter.signal(Signal::SIGHUP);
        scene.loses_the_account().await;
        let now = rounds_of_the_other(&scene.exporter.samples().await);
        let samples = scene
            .exporter
            .until("two more rounds", |samples| rounds_of_the_other(samples) >= now + 2.0)
            .await;
        assert_eq!(
            scene.upstream.calls().await.total,
            calls,
            "not one call, a reload notwithstanding"
        );
        assert_eq!(locked_until(&samples), until);
    }
}

/// That it is asked again after ten minutes is proved where time can be stopped: in the tests of the fleet and the poller.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_geelark_refuses() {
    for code in ["40004", "42001", "43004"] {
        let scene = Scene::start().await;
        scene.strike_batch(&format!("code:{code}")).await;
        scene.counts(code).await;
        let alone = |samples: &Samples| {
            let unanswered = samples.value("geelark_poll_unanswered_phones", &[("account", "main")]);
            stale(samples) == 1.0 && unanswered == Some(1.0)
        };
        let samples = scene.exporter.until("the culprit to stand alone", alone).await;
        assert!(
            samples
                .find("phone_status", &[("id", &scene.upstream.ids[0])])
                .is_none()
        );
        assert!(
            samples
                .find("phone_status", &[("id", &scene.upstream.ids[1])])
                .is_some()
        );
        spares_the_other(&samples);
        let output = scene.exporter.output();
        let line = output.lines().find(|line| line.contains("GeeLark rejects this id"));
        assert!(
            line.is_some_and(|line| line.contains(&scene.upstream.ids[0])),
            "{output}"
        );
        // Without the culprit the round is complete.
        scene
            .exporter
            .until("a complete round", |samples| up(samples, "main") == 1.0)
            .await;
        scene.is_bearable().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_does_not_exist() {
    let scene = Scene::start().await;
    let id = scene.upstream.ids[0].as_str();
    scene.upstream.vanish(id).await;
    let gone = |samples: &Samples| samples.value("phone_not_found", &[("id", id)]) == Some(1.0);
    let samples = scene.exporter.until("the phone to be gone", gone).await;
    assert_eq!((up(&samples, "main"), stale(&samples)), (1.0, 0.0));
    assert!(samples.find("phone_status", &[("id", id)]).is_none());
    assert_eq!(samples.of("phone_status").len(), STRUCK + 50 + 5 - 1);
    assert!(samples.of("geelark_api_request_failures_total").is_empty());
    scene.upstream.change(id, json!({"exists": true})).await;
    scene.heals().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_phones_that_fail() {
    let scene = Scene::start().await;
    let expired = |samples: &Samples| samples.value("geelark_phones", &[("account", "main"), ("status", "expired")]);
    let before = expired(&scene.exporter.samples().await).unwrap();
    scene.strike("expired-fails").await;
    // One more expires, so that it is seen that answers came under the fault.
    let is_sound = |phone: &&serde_json::Value| phone["status"] != 3;
    let phones = scene.upstream.phones().await;
    let id = phones.iter().find(is_sound).unwrap()["id"].as_str().unwrap();
    scene.upstream.change(id, json!({"status": "expired"})).await;
    let samples = scene
        .exporter
        .until("one more", |samples| expired(samples) == Some(before + 1.0))
        .await;
    assert_eq!(samples.value("phone_status", &[("id", id)]), Some(3.0));
    assert_eq!((up(&samples, "main"), stale(&samples)), (1.0, 0.0));
    scene.heals().await;
}
