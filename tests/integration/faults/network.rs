//! Connections that fail, stall or break.

use std::net::{Ipv4Addr, SocketAddr};

use nix::sys::signal::Signal;
use socket2::{Domain, Socket, Type};
use tokio::net::TcpListener;

use super::Fixture;
use super::fixture::{QUICK, affects_one_batch, locked_until, up};
use crate::support::{Exporter, Samples, Upstream};

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_response_affects_one_batch() {
    affects_one_batch(&[("hang", "timeout")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_response_affects_one_batch() {
    affects_one_batch(&[("hang-body", "timeout")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_response_affects_one_batch() {
    affects_one_batch(&[("drip", "timeout")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_connection_affects_one_batch() {
    affects_one_batch(&[("reset", "connect"), ("close", "connect")]).await;
}

/// A socket that is bound but does not listen refuses connections, and no other process can take its port.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connection_affects_one_account() {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let healthy = Upstream::start(&["--phones=5", "--seed=2"]).await;
    let ids = Upstream::start(&["--phones=150"]).await.ids.clone();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let unreachable = healthy
        .account("main", &ids, QUICK)
        .replace(&healthy.url, &format!("http://{address}"));
    let config = format!(
        "accounts:\n{unreachable}{}",
        healthy.account("other", &healthy.ids, QUICK)
    );
    let exporter = Exporter::start(&config).await;
    exporter.ready().await;
    let samples = exporter.samples().await;
    let failures = [("account", "main"), ("reason", "connect")];
    assert!(samples.value("geelark_api_request_failures_total", &failures) >= Some(1.0));
    assert_eq!((up(&samples, "main"), up(&samples, "other")), (0.0, 1.0));
    assert_eq!(locked_until(&samples), 0.0);
    assert_eq!(samples.of("phone_status").len(), 5);

    socket.listen(1024).unwrap();
    socket.set_nonblocking(true).unwrap();
    let listener = TcpListener::from_std(socket.into()).unwrap();
    let _upstream = Upstream::start_on(listener, &["--phones=150"]);
    let all_shown = |samples: &Samples| {
        up(samples, "main") == 1.0 && samples.of("phone_status").len() == ids.len() + healthy.ids.len()
    };
    exporter.until("all phones", all_shown).await;
}

/// The name is invalid in DNS, so the resolver refuses it without a query.
#[tokio::test(flavor = "multi_thread")]
async fn an_unresolved_name_affects_one_account() {
    let upstream = Upstream::start(&["--phones=150"]).await;
    let good = upstream.account("main", &upstream.ids, QUICK);
    let bad = good.replace(&upstream.url, &format!("http://{}.invalid", "n".repeat(64)));
    let fixture = Fixture::with(upstream, &good, async |config| Exporter::start(&config).await).await;
    let config = std::fs::read_to_string(fixture.exporter.dir.path().join("geelark.yml")).unwrap();
    fixture.exporter.configure(&config.replace(&good, &bad));
    fixture.exporter.signal(Signal::SIGHUP);
    fixture.expect_failure("connect").await;
    fixture.wait_for_stale_account().await;
    // A test cannot make a name resolve, so it corrects the address instead.
    fixture.exporter.configure(&config);
    fixture.exporter.signal(Signal::SIGHUP);
    fixture.wait_until_healthy().await;
}
