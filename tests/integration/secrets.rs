//! Nothing leaks: whatever happens, no output holds a token, a key, a signature, or what GeeLark must not tell us.
//!
//! Every exporter of these tests is searched when it ends; here are the ways of asking, logging and failing that matter.

use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use nix::sys::signal::Signal;
use serde_json::json;

use crate::support::{Exporter, FAST, Launch, Listener, Samples, Upstream, assert_no_secret};

/// Every kind of trouble in which something might be quoted.
const TROUBLE: [&str; 9] = [
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

const PAGES: [&str; 6] = [
    "/metrics",
    "/",
    "/-/ready",
    "/-/healthy",
    "/-/reload",
    "/nowhere?token=1",
];

#[tokio::test(flavor = "multi_thread")]
async fn success_refusal_and_trouble_tell_no_secret() {
    let sound = Upstream::start(&["--phones=3"]).await;
    let troubled = Upstream::start(&["--phones=3", "--seed=2"]).await;
    let refusing = Upstream::start(&["--phones=3", "--seed=3", "--token=another", "--api-key=another"]).await;
    let by_key = |account: String| account.replace("token: demo-token", "app_id: demo-app\n    api_key: demo-key");
    for format in ["logfmt", "json"] {
        let config = [
            sound.account("sound-token", &sound.ids[..2], FAST),
            by_key(sound.account("sound-key", &sound.ids[2..], FAST)),
            troubled.account("troubled-token", &troubled.ids[..2], FAST),
            by_key(troubled.account("troubled-key", &troubled.ids[2..], FAST)),
            refusing.account("refused-token", &refusing.ids[..2], FAST),
            by_key(refusing.account("refused-key", &refusing.ids[2..], FAST)),
        ];
        troubled.faults(json!([])).await;
        let exporter = Launch::configured(&format!("accounts:\n{}", config.concat()))
            .args(&["--log.level=trace", "--web.enable-lifecycle"])
            .arg(format!("--log.format={format}"))
            .start()
            .await;
        exporter.ready().await;
        for account in ["sound-token", "sound-key", "troubled-token", "troubled-key"] {
            let up = |samples: &Samples| samples.value("geelark_up", &[("account", account)]) == Some(1.0);
            exporter.until("success", up).await;
        }
        for account in ["refused-token", "refused-key"] {
            let labels = [("account", account), ("reason", "40003")];
            let refused = |samples: &Samples| samples.value("geelark_api_request_failures_total", &labels).is_some();
            exporter.until("a refusal", refused).await;
        }
        for fault in TROUBLE {
            troubled.faults(json!([fault])).await;
            for _ in 0..2 {
                goes_on(&exporter).await;
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
        assert_no_secret(&answer.text().await.unwrap(), "the answer to a bad reload");
        let output = exporter.end(Signal::SIGTERM).await;
        assert!(output.text.contains("40003"), "the log was on: {}", output.text);
        assert_no_secret(&output.text, "the log");
    }
}

/// Waits for another call of the troubled accounts.
async fn goes_on(exporter: &Exporter) {
    let labels = [("account", "troubled-token"), ("endpoint", "phone_status")];
    let sent = |samples: &Samples| samples.value("geelark_api_requests_total", &labels);
    let now = sent(&exporter.samples().await);
    exporter.until("another call", |samples| sent(samples) > now).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_repeats_the_credentials_is_not_repeated() {
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
    let quotes = output
        .lines()
        .filter(|line| line.contains("refused, this was sent"))
        .count();
    assert_eq!(quotes, 2, "what GeeLark says is quoted: {output}");
    assert_no_secret(&output, "the log");

    let launch = Launch::configured(&config).args(&["check", "--online", "--log.level=trace"]);
    let output = launch.run().await;
    assert_eq!(output.status.code(), Some(1));
    assert!(output.text.contains("refused, this was sent"), "{}", output.text);
    assert_no_secret(&output.text, "check --online");
}

/// A GeeLark that tells everybody what was sent to it, as careless gateways do.
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
