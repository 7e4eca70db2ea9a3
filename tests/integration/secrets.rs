//! No output contains a token, a key, a signature, or a secret or personal field of GeeLark's responses.
//!
//! [`Exporter`] searches its output when it ends, in all tests. These tests add trace logs, failures and pages.

use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use nix::sys::signal::Signal;
use serde_json::json;

use crate::support::{Exporter, FAST, Launch, Listener, Samples, Upstream, assert_no_secret};

/// Faults after which the exporter might quote a request or a response.
const FAULTS: &[&str] = &[
    "http:502",
    "html",
    "truncated",
    "not-utf8",
    "cut",
    "reset",
    "strings",
    "wrong-type",
    "code:50000",
];

const PAGES: &[&str] = &[
    "/metrics",
    "/",
    "/-/ready",
    "/-/healthy",
    "/-/reload",
    "/nowhere?token=1",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_output_contains_a_secret_after_successes_refusals_and_faults() {
    let healthy = Upstream::start(&["--phones=3"]).await;
    let faulty = Upstream::start(&["--phones=3", "--seed=2"]).await;
    let refused = Upstream::start(&["--phones=3", "--seed=3", "--token=another", "--api-key=another"]).await;
    let by_key = |account: String| account.replace("token: demo-token", "app_id: demo-app\n    api_key: demo-key");
    for format in ["logfmt", "json"] {
        let config = [
            healthy.account("healthy-token", &healthy.ids[..2], FAST),
            by_key(healthy.account("healthy-key", &healthy.ids[2..], FAST)),
            faulty.account("faulty-token", &faulty.ids[..2], FAST),
            by_key(faulty.account("faulty-key", &faulty.ids[2..], FAST)),
            refused.account("refused-token", &refused.ids[..2], FAST),
            by_key(refused.account("refused-key", &refused.ids[2..], FAST)),
        ];
        faulty.faults(json!([])).await;
        let exporter = Launch::configured(&format!("accounts:\n{}", config.concat()))
            .args(&["--log.level=trace", "--web.enable-lifecycle"])
            .arg(format!("--log.format={format}"))
            .start()
            .await;
        exporter.ready().await;
        for account in ["healthy-token", "healthy-key", "faulty-token", "faulty-key"] {
            let up = |samples: &Samples| samples.value("geelark_up", &[("account", account)]) == Some(1.0);
            exporter.until("success", up).await;
        }
        for account in ["refused-token", "refused-key"] {
            let labels = [("account", account), ("reason", "40003")];
            let refused = |samples: &Samples| samples.value("geelark_api_request_failures_total", &labels).is_some();
            exporter.until("a refusal", refused).await;
        }
        for fault in FAULTS {
            faulty.faults(json!([fault])).await;
            for _ in 0..2 {
                wait_for_a_call(&exporter).await;
            }
        }
        for path in PAGES {
            let response = exporter.get(path).await;
            let text = format!("{:?}\n{}", response.headers().clone(), response.text().await.unwrap());
            assert_no_secret(&text, path);
        }
        exporter.configure("accounts: [{name: main, token: demo-token, tokn: demo-key, phones: demo-key}]");
        let answer = exporter.post("/-/reload").await;
        assert_eq!(answer.status(), 500);
        assert_no_secret(&answer.text().await.unwrap(), "the response to a failed reload");
        let output = exporter.end(Signal::SIGTERM).await;
        assert!(
            output.text.contains("40003"),
            "the log includes the refusal: {}",
            output.text
        );
        assert_no_secret(&output.text, "the log");
    }
}

/// Waits for another call of the account `faulty-token`.
async fn wait_for_a_call(exporter: &Exporter) {
    let labels = [("account", "faulty-token"), ("endpoint", "phone_status")];
    let sent = |samples: &Samples| samples.value("geelark_api_requests_total", &labels);
    let now = sent(&exporter.samples().await);
    exporter.until("another call", |samples| sent(samples) > now).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_in_a_response_are_redacted() {
    let echo = echo().await;
    let account = |name: &str, credentials: &str| {
        format!(
            "  - {{name: {name}, base_url: '{}', {credentials}, phones: {{ids: ['{name}-1']}}}}\n",
            echo.url
        )
    };
    let config = format!(
        "accounts:\n{}{}",
        account("token", "token: demo-token"),
        account("key", "app_id: demo-app, api_key: demo-key")
    );
    let exporter = Launch::configured(&config).arg("--log.level=trace").start().await;
    exporter.ready().await;
    let output = exporter.output();
    let quoted = output
        .lines()
        .filter(|line| line.contains("refused, this was sent"))
        .count();
    assert_eq!(quoted, 2, "the log quotes GeeLark's message: {output}");
    assert_no_secret(&output, "the log");

    let launch = Launch::configured(&config).args(&["check", "--online", "--log.level=trace"]);
    let output = launch.run().await;
    assert_eq!(output.status.code(), Some(1));
    assert!(output.text.contains("refused, this was sent"), "{}", output.text);
    assert_no_secret(&output.text, "check --online");
}

/// A server that repeats the credentials of a request in its response.
async fn echo() -> Listener {
    let router = Router::new().fallback(post(|headers: HeaderMap| async move {
        let sent = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let sent = sent("authorization").or(sent("sign")).unwrap();
        Json(json!({
            "code": 40003,
            "msg": format!("refused, this was sent: {sent}"),
            "data": null,
        }))
    }));
    Listener::start(router).await
}
