//! Readiness, reloads and signals.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::json;
use socket2::{Domain, Socket, Type};

use crate::support::{Exporter, FAST, Launch, Samples, Upstream, eventually};

/// The longest that the exporter may take to end. systemd and Kubernetes wait longer before they kill a process.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);

/// Enough phones that a scrape does not fit into the buffers of a connection.
const MANY: u64 = 60_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_exporter_during_a_round_and_a_slow_scrape() {
    let upstream = Upstream::start(&["--phones=1", "--fault=hang"]).await;
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let config = format!(
            "accounts:\n  - name: main\n    base_url: {}\n    token: demo-token\n    poll: {{timeout: 60s}}\n    \
             phones: {{files: [ids.txt]}}\n",
            upstream.url
        );
        let launch = Launch::configured(&config);
        let ids: Vec<String> = (0..MANY)
            .map(|number| format!("{}", 588_732_926_036_800_000 + number))
            .collect();
        std::fs::write(launch.path("ids.txt"), ids.join("\n")).unwrap();
        upstream.forget_calls().await;
        let exporter = launch.start().await;
        upstream.wait_for_calls(1).await;
        let _scrape = slow_scrape(&exporter.url);

        let signalled = Instant::now();
        let output = exporter.end(signal).await;
        let took = signalled.elapsed();
        assert_eq!(output.status.code(), Some(0), "{}", output.text);
        assert!(took < SHUTDOWN_LIMIT, "{signal} took {took:?}: {}", output.text);
        assert!(output.text.contains(signal.as_str()), "{}", output.text);
    }
}

/// Starts a scrape and stops reading it.
fn slow_scrape(url: &str) -> Socket {
    let address: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
    let mut socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    // With a small receive window, the server has to wait for the client.
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&address.into()).unwrap();
    socket
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: exporter\r\n\r\n")
        .unwrap();
    let mut start = [0; 15];
    socket.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 200 OK");
    socket
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exporter_is_ready_after_a_failed_first_round() {
    let upstream = Upstream::start(&["--phones=3"]).await;
    upstream.faults(json!(["hang"])).await;
    let exporter = Exporter::start(&upstream.config("    poll: {interval: 3s, timeout: 3s}")).await;
    upstream.wait_for_calls(1).await;
    let response = exporter.get("/-/ready").await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.text().await.unwrap(), "waiting for the first round of: main\n");
    assert_eq!(
        exporter.get("/-/healthy").await.status(),
        200,
        "a restart would not help while GeeLark hangs"
    );
    exporter.ready().await;
    let samples = exporter.samples().await;
    assert_eq!(samples.value("geelark_up", &[("account", "main")]), Some(0.0));
    assert!(samples.of("phone_status").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_waits_for_every_account() {
    let quick = Upstream::start(&["--phones=3"]).await;
    let slow = Upstream::start(&["--phones=3", "--seed=2", "--fault=hang"]).await;
    let config = format!(
        "accounts:\n{}{}",
        quick.account("quick", &quick.ids, ""),
        slow.account("slow", &slow.ids, "")
    );
    let exporter = Exporter::start(&config).await;
    exporter
        .until("the quick account", |samples| samples.of("phone_status").len() == 3)
        .await;
    let reason = eventually("the quick account's round to end", || async {
        let text = exporter.get("/-/ready").await.text().await.unwrap();
        (!text.contains("quick")).then_some(text)
    })
    .await;
    assert_eq!(reason, "waiting for the first round of: slow\n");
}

const RELOADED: &str = "geelark_exporter_config_last_reload_successful";
const RELOADED_AT: &str = "geelark_exporter_config_last_reload_success_timestamp_seconds";

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_reload_changes_nothing_and_reports_all_problems() {
    let upstream = Upstream::start(&["--phones=3"]).await;
    let valid = upstream.config(FAST);
    let exporter = Launch::configured(&valid).arg("--web.enable-lifecycle").start().await;
    exporter.ready().await;
    let before = exporter.samples().await;
    assert_eq!(before.value(RELOADED, &[]), Some(1.0));

    exporter.configure(
        &valid
            .replace("interval: 1s", "interval: soon")
            .replace("name: main", "name: ' '"),
    );
    let response = exporter.post("/-/reload").await;
    assert_eq!(response.status(), 500);
    let problems = response.text().await.unwrap();
    let file = exporter.dir.path().join("geelark.yml").display().to_string();
    let lines: Vec<&str> = problems.lines().collect();
    assert_eq!(lines.len(), 2, "{problems}");
    assert!(lines.iter().all(|line| line.starts_with(&file)), "{problems}");
    for problem in ["accounts[0].name is blank", "\"soon\""] {
        assert!(problems.contains(problem), "{problems}");
    }
    let after = exporter.samples().await;
    assert_eq!(after.value(RELOADED, &[]), Some(0.0));
    assert_eq!(after.value(RELOADED_AT, &[]), before.value(RELOADED_AT, &[]));
    assert_eq!(after.of("phone_status"), before.of("phone_status"));
    wait_for_two_calls(&exporter).await;

    // After a signal, the log has the problems.
    let before = exporter.output().matches("configuration not reloaded").count();
    exporter.signal(Signal::SIGHUP);
    eventually("the problems in the log", || async {
        (exporter.output().matches("configuration not reloaded").count() > before).then_some(())
    })
    .await;

    exporter.configure(&valid);
    let response = exporter.post("/-/reload").await;
    assert_eq!(
        (response.status().as_u16(), response.text().await.unwrap().as_str()),
        (200, "Reloaded\n")
    );
    assert_eq!(exporter.samples().await.value(RELOADED, &[]), Some(1.0));
    wait_for_two_calls(&exporter).await;
}

/// Waits for two more calls, which show that polling continues.
async fn wait_for_two_calls(exporter: &Exporter) {
    let sent = |samples: &Samples| samples.value("geelark_api_requests_total", &[("endpoint", "phone_status")]);
    let now = sent(&exporter.samples().await).unwrap();
    exporter
        .until("two more calls", |samples| sent(samples) >= Some(now + 2.0))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_keeps_the_state_of_phones_that_stay() {
    let upstream = Upstream::start(&["--phones=5"]).await;
    let (removed, stays, missing, new) = (&upstream.ids[0], &upstream.ids[1], &upstream.ids[2], &upstream.ids[4]);
    let config = |ids: &[&String]| format!("accounts:\n{}", upstream.account("main", ids, FAST));
    upstream.delete(missing).await;
    let exporter = Exporter::start(&config(&[removed, stays, missing])).await;
    let counted = |samples: &Samples| samples.value("phone_not_found_total", &[("id", missing)]);
    // After three rounds, a timestamp that started again would differ.
    let before = exporter
        .until("three rounds", |samples| counted(samples) >= Some(3.0))
        .await;
    assert_eq!(before.of("phone_status").len(), 2);
    let sent = |samples: &Samples| {
        samples.value(
            "geelark_api_requests_total",
            &[("account", "main"), ("endpoint", "phone_status")],
        )
    };

    exporter.configure(&config(&[new, missing, stays]));
    exporter.signal(Signal::SIGHUP);
    let shows_new = |samples: &Samples| samples.find("phone_status", &[("id", new)]).is_some();
    let after = exporter.until("the new phone", shows_new).await;
    for metric in ["phone_status", "phone_status_since_timestamp_seconds", "phone_info"] {
        assert!(
            after.find(metric, &[("id", removed)]).is_none(),
            "{metric} of a removed phone"
        );
        let value = |samples: &Samples| samples.value(metric, &[("id", stays)]);
        assert_eq!(value(&after), value(&before), "{metric}");
    }
    assert!(counted(&after) >= counted(&before), "{:?}", counted(&after));
    assert!(sent(&after) > sent(&before), "the account's counters continue");
    assert_eq!(after.value("geelark_up", &[("account", "main")]), Some(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_adds_and_removes_accounts() {
    let first = Upstream::start(&["--phones=3"]).await;
    let second = Upstream::start(&["--phones=2", "--seed=2"]).await;
    let first_account = first.account("first", &first.ids, FAST);
    let second_account = second.account("second", &second.ids, FAST);
    let exporter = Exporter::start(&format!("accounts:\n{first_account}")).await;
    exporter.ready().await;
    exporter.configure(&format!("accounts:\n{first_account}{second_account}"));
    exporter.signal(Signal::SIGHUP);
    exporter
        .until("both accounts", |samples| samples.of("phone_status").len() == 5)
        .await;
    exporter.configure(&format!("accounts:\n{second_account}"));
    exporter.signal(Signal::SIGHUP);
    let only_second = |samples: &Samples| samples.of("phone_status").len() == 2;
    exporter.until("the second account alone", only_second).await;
    let text = exporter.text().await;
    assert!(!text.contains("account=\"first\""), "{text}");
    let calls = first.calls().await.total;
    wait_for_two_calls(&exporter).await;
    assert_eq!(first.calls().await.total, calls, "a removed account makes no call");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_that_reorders_accounts_does_not_affect_them() {
    let [first, second, third] = [
        Upstream::start(&["--phones=3"]).await,
        Upstream::start(&["--phones=2", "--seed=2"]).await,
        Upstream::start(&["--phones=2", "--seed=3"]).await,
    ];
    let a = first.account("a", &first.ids, FAST);
    let b = second.account("b", &[""; 0], &format!("      discovery: {{}}\n{FAST}"));
    let c = third.account("c", &third.ids, FAST);
    let exporter = Exporter::start(&format!("accounts:\n{a}{b}")).await;
    let known = |samples: &Samples| samples.of("phone_status").len();
    let before = exporter.until("both accounts", |samples| known(samples) == 5).await;
    for (config, phones) in [
        (format!("accounts:\n{c}{a}{b}"), 7),
        (format!("accounts:\n{b}{c}{a}"), 7),
    ] {
        let reloads = || exporter.output().matches("configuration reloaded").count();
        let before_this = reloads();
        exporter.configure(&config);
        exporter.signal(Signal::SIGHUP);
        let least = AtomicUsize::new(usize::MAX);
        exporter
            .until("the other order", |samples| {
                least.fetch_min(known(samples), Ordering::Relaxed);
                known(samples) == phones && reloads() > before_this
            })
            .await;
        assert!(least.into_inner() >= 5, "phones disappeared for a moment");
        let after = exporter.samples().await;
        assert_eq!(known(&after), phones);
        for sample in before.of("phone_status_since_timestamp_seconds") {
            let id = [("id", sample.labels["id"].as_str())];
            assert_eq!(after.value(&sample.name, &id), Some(sample.value), "{id:?}");
        }
    }
    assert!(!exporter.output().contains("another account"), "{}", exporter.output());
}

#[tokio::test]
async fn without_the_flag_a_reload_over_http_is_refused() {
    let upstream = Upstream::start(&["--phones=1"]).await;
    let exporter = Exporter::start(&upstream.config("")).await;
    let response = exporter.post("/-/reload").await;
    assert_eq!(response.status(), 403);
    let sentence = response.text().await.unwrap();
    assert!(sentence.contains("--web.enable-lifecycle"), "{sentence}");
    assert_eq!(exporter.get("/-/reload").await.status(), 405);
}
