//! Something between us and GeeLark answers in its place.

use super::Scene;
use super::scene::{cost_one_batch, locked_until, spares_the_other};
use crate::support::{Samples, unix_now};

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_in_trouble() {
    cost_one_batch(&[
        ("http:500", "http_500"),
        ("http:502", "http_502"),
        ("http:503", "http_503"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_refused_on_the_way() {
    cost_one_batch(&[("http:400", "http_400"), ("http:404", "http_404")]).await;
}

/// In real time: after a refusal the account is asked again after 15 s.
#[tokio::test(flavor = "multi_thread")]
async fn access_refused_on_the_way() {
    let scene = Scene::start().await;
    scene.strike("http:403").await;
    let samples = scene.counts("http_403").await;
    assert_eq!(locked_until(&samples), 0.0, "GeeLark has locked nothing");
    scene.loses_the_account().await;
    scene.heals().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_says_when_to_come_back() {
    let scene = Scene::start().await;
    for (fault, reason) in [
        ("http:429,retry-after=2,count=1", "http_429"),
        ("http:503,retry-after=2,count=1", "http_503"),
    ] {
        scene.upstream.forget_calls().await;
        let struck = unix_now();
        scene.strike(fault).await;
        let samples = scene.is_locked().await;
        let until = locked_until(&samples);
        // Whole seconds: up to half of one is rounded away.
        assert!((struck + 1.5..unix_now() + 2.6).contains(&until), "{until} at {struck}");
        let failures = [("account", "main"), ("reason", reason)];
        assert_eq!(
            samples.value("geelark_api_request_failures_total", &failures),
            Some(1.0)
        );
        spares_the_other(&samples);
        let open = |samples: &Samples| locked_until(samples) == 0.0;
        scene.exporter.until("the account to be open again", open).await;
        scene.is_whole().await;
        scene.is_bearable().await;

        let calls = scene.upstream.calls().await.each;
        let refused = calls.iter().position(|call| call.code.is_none()).unwrap();
        let waited = calls[refused + 1].at_ms - calls[refused].at_ms;
        assert!(waited >= 2000, "called again after {waited} ms: {calls:?}");
    }
}
