//! Connections that do not come about, break, or fall silent.

use std::net::{Ipv4Addr, SocketAddr};

use nix::sys::signal::Signal;
use socket2::{Domain, Socket, Type};
use tokio::net::TcpListener;

use super::Scene;
use super::scene::{HASTY, cost_one_batch, locked_until, up};
use crate::support::{Exporter, Samples, Upstream};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_never_begins() {
    cost_one_batch(&[("hang", "timeout")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_stops_in_the_middle() {
    cost_one_batch(&[("hang-body", "timeout")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_drips() {
    cost_one_batch(&[("drip", "timeout")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_reset() {
    cost_one_batch(&[("reset", "connect"), ("close", "connect")]).await;
}

/// A socket that is bound and does not listen refuses connections, and nobody else gets its port.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_listens() {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let sound = Upstream::start(&["--phones=5", "--seed=2"]).await;
    let ids = Upstream::start(&["--phones=150"]).await.ids.clone();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let dead = sound
        .account("main", &ids, HASTY)
        .replace(&sound.url, &format!("http://{address}"));
    let config = format!("accounts:\n{dead}{}", sound.account("other", &sound.ids, HASTY));
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
    let whole = |samples: &Samples| up(samples, "main") == 1.0 && samples.of("phone_status").len() == 155;
    exporter.until("the account to be well", whole).await;
}

/// The name breaks a rule of DNS, so that the resolver refuses it without asking anybody.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_does_not_resolve() {
    let upstream = Upstream::start(&["--phones=150"]).await;
    let good = upstream.account("main", &upstream.ids, HASTY);
    let bad = good.replace(&upstream.url, &format!("http://{}.invalid", "n".repeat(64)));
    let scene = Scene::with(upstream, &good, async |config| Exporter::start(&config).await).await;
    let config = std::fs::read_to_string(scene.exporter.dir.path().join("geelark.yml")).unwrap();
    scene.exporter.configure(&config.replace(&good, &bad));
    scene.exporter.signal(Signal::SIGHUP);
    scene.counts("connect").await;
    scene.loses_the_account().await;
    // Names cannot be made to resolve from here, so the address is corrected instead.
    scene.exporter.configure(&config);
    scene.exporter.signal(Signal::SIGHUP);
    scene.is_whole().await;
}
