//! HTTP errors: a gateway or a proxy answers instead of GeeLark.

use super::Fixture;
use super::fixture::{affects_one_batch, assert_other_account_healthy, locked_until};
use crate::support::{Samples, unix_now};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_error_affects_one_batch() {
    affects_one_batch(&[
        ("http:500", "http_500"),
        ("http:502", "http_502"),
        ("http:503", "http_503"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_error_affects_one_batch() {
    affects_one_batch(&[("http:400", "http_400"), ("http:404", "http_404")]).await;
}

/// Takes 15 s of real time, because the first back-off after a refusal is that long.
#[tokio::test(flavor = "multi_thread")]
async fn http_403_blocks_the_account() {
    let fixture = Fixture::start().await;
    fixture.inject("http:403").await;
    let samples = fixture.expect_failure("http_403").await;
    assert_eq!(locked_until(&samples), 0.0, "a refusal is no lock");
    fixture.wait_for_stale_account().await;
    fixture.recover().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_after_sets_the_length_of_the_block() {
    let fixture = Fixture::start().await;
    for (fault, reason) in [
        ("http:429,retry-after=2,count=1", "http_429"),
        ("http:503,retry-after=2,count=1", "http_503"),
    ] {
        fixture.upstream.forget_calls().await;
        let injected = unix_now();
        fixture.inject(fault).await;
        let samples = fixture.wait_for_lock().await;
        let until = locked_until(&samples);
        // The metric has whole seconds, so rounding removes up to half a second.
        assert!(
            (injected + 1.5..unix_now() + 2.6).contains(&until),
            "{until} at {injected}"
        );
        let failures = [("account", "main"), ("reason", reason)];
        assert_eq!(
            samples.value("geelark_api_request_failures_total", &failures),
            Some(1.0)
        );
        assert_other_account_healthy(&samples);
        let unlocked = |samples: &Samples| locked_until(samples) == 0.0;
        fixture.exporter.until("the lock to end", unlocked).await;
        fixture.wait_until_healthy().await;
        fixture.stays_responsive().await;

        let calls = fixture.upstream.calls().await.each;
        let refused = calls.iter().position(|call| call.code.is_none()).unwrap();
        let waited = calls[refused + 1].at_ms - calls[refused].at_ms;
        assert!(waited >= 2000, "called again after {waited} ms: {calls:?}");
    }
}
