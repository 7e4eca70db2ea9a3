//! The command line: flags, subcommands, messages and exit codes.

use std::net::TcpListener;

use nix::sys::signal::Signal;

use crate::support::{Exporter, FAST, Launch, Output, Upstream, assert_no_secret};

/// An account without a server: nothing listens on port 9.
const UNREACHABLE: &str = "accounts:
  - name: main
    base_url: http://127.0.0.1:9
    token: demo-token
    phones: {ids: ['588732926036803641', '588732926036803642']}
";

const UNREACHABLE_WARNING: &str = "warning: geelark.yml:3: accounts[0].base_url is an http URL, so the credential \
    is sent unencrypted; use https unless it never leaves this machine\n";

async fn run(args: &[&str]) -> Output {
    Launch::bare().args(args).run().await
}

/// Runs in a folder with a `geelark.yml`, so that messages name the file without a path.
async fn run_with(config: &str, args: &[&str]) -> Output {
    let launch = Launch::bare();
    std::fs::write(launch.path("geelark.yml"), config).unwrap();
    launch.arg("--config.file=geelark.yml").args(args).run().await
}

#[tokio::test]
async fn help_lists_every_subcommand_and_flag() {
    let output = run(&["--help"]).await;
    assert_eq!(output.status.code(), Some(0));
    for word in [
        "check",
        "phones",
        "demo",
        "simulate",
        "healthcheck",
        "--config.file",
        "--web.listen-address",
        "--web.telemetry-path",
        "--web.config.file",
        "--web.enable-lifecycle",
        "--log.level",
        "--log.format",
        "[default: :9943]",
        "Exit codes: 0 done, 1 run-time failure, 2",
    ] {
        assert!(output.text.contains(word), "{word:?} is not in\n{}", output.text);
    }
    for subcommand in ["check", "phones", "demo", "simulate", "healthcheck"] {
        let output = run(&[subcommand, "--help"]).await;
        assert_eq!(output.status.code(), Some(0), "{}", output.text);
    }
}

#[tokio::test]
async fn the_version_includes_the_revision() {
    let output = run(&["--version"]).await;
    let (code, text) = output.outcome();
    assert_eq!(code, Some(0));
    let expected = concat!("geelark_exporter ", env!("CARGO_PKG_VERSION"), " (revision ");
    assert!(text.starts_with(expected) && text.ends_with(")\n"), "{text}");
}

#[tokio::test]
async fn an_invalid_flag_ends_with_exit_code_2_and_a_message() {
    for (args, message) in [
        (
            &["--no-such-flag"][..],
            "error: unexpected argument '--no-such-flag' found",
        ),
        (&["serve"], "error: unrecognized subcommand 'serve'"),
        (
            &["--log.level=loud"],
            "error: invalid value 'loud' for '--log.level <LEVEL>'",
        ),
        (&["--log.format=xml"], "[possible values: logfmt, json]"),
        (&["--web.listen-address=9943"], "listen address `9943` is not HOST:PORT"),
        (
            &["--web.telemetry-path=metrics"],
            "error: invalid value 'metrics' for '--web.telemetry-path <PATH>'",
        ),
        (&["simulate", "--fault=meteor"], "unrecognized kind 'meteor'"),
        (
            &["simulate", "--speed=-1"],
            "error: invalid value '-1' for '--speed <FACTOR>'",
        ),
        (
            &["healthcheck", "--url=nowhere"],
            "error: invalid value 'nowhere' for '--url <URL>'",
        ),
    ] {
        let output = run(args).await;
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", output.text);
        assert!(output.text.contains(message), "{args:?}: {}", output.text);
    }
}

#[tokio::test]
async fn all_problems_of_a_configuration_are_reported_and_nothing_starts() {
    let config = "accounts:
  - name: main
    token: YjmFIUuq0oJgSDJ42fxLEb6R1qjjqf
    app_id: x
    base_url: ftp://example.org
    phones: {ids: ['a b']}
    poll: {interval: 0s}
  - name: main
    token_file: nowhere
    phones: {files: [ids.txt]}
    budget: {requests_per_minute: many}
";
    let sentences = "\
geelark.yml:5: accounts[0].base_url is \"ftp://example.org\", which is neither https nor http; write it like \"https://openapi.geelark.com\"
geelark.yml:2: accounts[0] has more than one way to authenticate (token, app_id and api_key); keep one
geelark.yml:4: accounts[0].app_id is half a key pair; add its api_key or api_key_file
geelark.yml:6: accounts[0].phones.ids[0] is \"a b\", which is not one id; write one id without blanks or commas
geelark.yml:7: accounts[0].poll.interval is \"0s\"; it must be from 1s to 1day
geelark.yml:8: accounts[1].name is \"main\", as accounts[0].name is already; give each account a name of its own
geelark.yml:9: accounts[1].token_file names \"nowhere\", which does not exist; create it or correct the path
geelark.yml:10: accounts[1].phones.files[0] names \"ids.txt\", which does not exist; create it or correct the path
geelark.yml:11: accounts[1].budget.requests_per_minute is \"many\", which is not a whole number from 1 to 1000000; write one
";
    for args in [&[][..], &["check"], &["check", "--online"]] {
        let output = run_with(config, args).await;
        assert_eq!(output.outcome(), (Some(2), sentences), "{args:?}");
    }
}

#[tokio::test]
async fn without_a_configuration_the_message_names_the_file_and_the_variables() {
    let output = run(&[]).await;
    let sentence = "configuration: nothing is configured; name a file with --config.file, or set GEELARK_TOKEN and \
                    GEELARK_PHONE_IDS\n";
    assert_eq!(output.outcome(), (Some(2), sentence));
    let output = run(&["--config.file=nothing.yml"]).await;
    let sentence = "nothing.yml: the configuration file does not exist; create it or correct the path\n";
    assert_eq!(output.outcome(), (Some(2), sentence));
}

#[tokio::test]
async fn check_summarizes_a_valid_configuration() {
    let plan =
        "account main: 2 phones, 1 calls a round, budget 100 calls a minute, effective interval 1m, stale after 5m\n";
    let output = run_with(UNREACHABLE, &["check"]).await;
    let expected = format!("{UNREACHABLE_WARNING}{plan}configuration is valid\n");
    assert_eq!(output.outcome(), (Some(0), expected.as_str()));
}

#[tokio::test]
async fn check_reports_an_interval_that_the_budget_lengthens() {
    let upstream = Upstream::start(&["--phones=1200"]).await;
    let config = upstream.config("    poll: {interval: 10s}\n    budget: {requests_per_minute: 60}");
    let output = run_with(&config, &["check"]).await;
    let plan = "account main: 1200 phones, 12 calls a round, budget 60 calls a minute, effective interval 12s \
                (poll.interval is 10s, but the budget allows no more), stale after 5m\n";
    assert_eq!(output.status.code(), Some(0));
    assert!(output.text.contains(plan), "{}", output.text);
    assert_eq!(upstream.calls().await.total, 0, "check makes no call without --online");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_online_makes_one_call_and_reports_the_response() {
    let upstream = Upstream::start(&["--phones=150", "--missing=3"]).await;
    let output = run_with(&upstream.config(""), &["check", "--online"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", output.text);
    let calls = upstream.calls().await;
    assert_eq!((calls.total, calls.each[0].ids), (1, 100));
    let answer = output
        .text
        .lines()
        .find(|line| line.contains("GeeLark answered in"))
        .unwrap();
    assert!(answer.starts_with("account main: GeeLark answered in "), "{answer}");
    assert!(answer.contains(" ms: of 100 phones requested, "), "{answer}");
    assert!(output.text.ends_with("configuration is valid\n"), "{}", output.text);
    assert_no_secret(&output.text, "check --online");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_online_reports_a_refusal_and_ends_with_exit_code_1() {
    let upstream = Upstream::start(&["--phones=3", "--token=another"]).await;
    let output = run_with(&upstream.config(""), &["check", "--online"]).await;
    assert_eq!(output.status.code(), Some(1), "{}", output.text);
    let last = output.text.lines().last().unwrap();
    assert!(
        last.starts_with("account main: the call to GeeLark failed: GeeLark answered 40003 ("),
        "{last}"
    );
    assert!(
        last.contains("check credentials and base_url") && last.contains("(reason 40003, traceId "),
        "{last}"
    );
    assert_no_secret(&output.text, "check --online");
}

#[tokio::test]
async fn check_online_reports_a_refused_connection_and_ends_with_exit_code_1() {
    let output = run_with(UNREACHABLE, &["check", "--online"]).await;
    assert_eq!(output.status.code(), Some(1), "{}", output.text);
    let last = output.text.lines().last().unwrap();
    let expected = "account main: the call to GeeLark failed: no connection: Connection refused (os error 111); \
                    check base_url, DNS, the firewall and any proxy (reason connect, traceId ";
    assert!(last.starts_with(expected), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn healthcheck_reports_health() {
    let exporter = Exporter::start(UNREACHABLE).await;
    let check = |path: &str| {
        let url = format!("--url={}{path}", exporter.url);
        async move { run(&["healthcheck", &url]).await }
    };
    assert_eq!(check("/-/healthy").await.outcome(), (Some(0), "healthy\n"));
    let sentence = format!("unhealthy: {}/nothing answered 404 Not Found\n", exporter.url);
    assert_eq!(check("/nothing").await.outcome(), (Some(1), sentence.as_str()));

    let url = exporter.url.clone();
    exporter.end(Signal::SIGKILL).await;
    let output = run(&["healthcheck", &format!("--url={url}/-/healthy")]).await;
    let sentence = format!("unhealthy: {url}/-/healthy did not answer: Connection refused (os error 111)\n");
    assert_eq!(output.outcome(), (Some(1), sentence.as_str()));
}

#[tokio::test]
async fn a_port_in_use_ends_with_exit_code_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let output = run_with(UNREACHABLE, &[&format!("--web.listen-address={address}")]).await;
    assert_eq!(output.status.code(), Some(1), "{}", output.text);
    let sentence = format!("cannot listen on {address}: Address already in use (os error 98)");
    assert!(output.text.starts_with(&sentence), "{}", output.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn simulate_writes_a_configuration_for_the_exporter() {
    let launch = Launch::bare();
    let config = launch.path("geelark.yml");
    let simulator = launch
        .args(&["simulate", "--listen-address=127.0.0.1:0", "--phones=20", "--missing=1"])
        .arg(format!("--write-config={}", config.display()))
        .start_until("simulating GeeLark")
        .await;
    let exporter = Launch::again(simulator.dir.clone()).start().await;
    exporter.ready().await;
    let samples = exporter.samples().await;
    assert_eq!(samples.of("phone_status").len(), 20);
    assert_eq!(samples.of("phone_not_found").len(), 1);
    assert_eq!(simulator.end(Signal::SIGTERM).await.status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn demo_serves_phones_in_every_status() {
    let demo = Launch::bare()
        .args(&["demo", "--phones=40", "--missing=4"])
        .start()
        .await;
    demo.ready().await;
    let samples = demo.samples().await;
    for status in ["started", "starting", "shut_down", "expired", "not_found"] {
        let count = samples.value("geelark_phones", &[("account", "demo"), ("status", status)]);
        assert!(count > Some(0.0), "{status}: {count:?}");
    }
    assert_eq!(samples.value("geelark_up", &[("account", "demo")]), Some(1.0));
    let output = demo.end(Signal::SIGINT).await;
    assert_eq!(output.status.code(), Some(0), "{}", output.text);
    assert!(
        output
            .text
            .contains("A simulated fleet of 44 phones lives at http://127.0.0.1:"),
        "{}",
        output.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_served_where_the_flag_says() {
    let upstream = Upstream::start(&["--phones=3"]).await;
    let exporter = Launch::configured(&upstream.config(FAST))
        .arg("--web.telemetry-path=/geelark")
        .start()
        .await;
    exporter.ready().await;
    let text = exporter.get("/geelark").await.text().await.unwrap();
    assert!(text.contains("\nphone_status{"), "{text}");
    assert_eq!(exporter.get("/metrics").await.status(), 404);
    assert!(
        exporter
            .get("/")
            .await
            .text()
            .await
            .unwrap()
            .contains("href=\"/geelark\"")
    );
}
