//! An exporter without free file descriptors.

use std::time::Duration;

use tokio::net::TcpStream;

use super::Fixture;
use super::fixture::QUICK;
use crate::support::{Launch, Upstream, eventually};

/// Fewer than [`CONNECTIONS`].
const DESCRIPTORS: u32 = 64;
const CONNECTIONS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn scrapes_succeed_without_free_descriptors() {
    let upstream = Upstream::start(&["--phones=150"]).await;
    let account = upstream.account("main", &upstream.ids, QUICK);
    let fixture = Fixture::with(upstream, &account, async |config| {
        Launch::configured(&config).descriptors(DESCRIPTORS).start().await
    })
    .await;
    let limit = fixture.exporter.samples().await.value("process_max_fds", &[]);
    assert_eq!(limit, Some(f64::from(DESCRIPTORS)));

    let address = fixture.exporter.url.strip_prefix("http://").unwrap().to_owned();
    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS {
        idle.push(TcpStream::connect(&address).await.unwrap());
    }
    eventually("the log to report the shortage", || async {
        fixture
            .exporter
            .output()
            .contains("cannot accept connections")
            .then_some(())
    })
    .await;
    // The idle connections stay open. Scrapes must succeed all the same.
    fixture.wait_until_healthy().await;
    drop(idle);
    eventually("the idle connections to be closed", || async {
        let open = fixture.exporter.samples().await.value("process_open_fds", &[]);
        tokio::time::sleep(Duration::from_millis(50)).await;
        (open < Some(f64::from(DESCRIPTORS) / 2.0)).then_some(())
    })
    .await;
    fixture.wait_until_healthy().await;
    fixture.stays_responsive().await;
}
