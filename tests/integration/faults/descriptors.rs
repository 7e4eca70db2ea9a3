//! The exporter's own scarcity.

use std::time::Duration;

use tokio::net::TcpStream;

use super::Scene;
use super::scene::HASTY;
use crate::support::{Launch, Upstream, eventually};

/// Fewer than the connections that are opened below.
const DESCRIPTORS: u32 = 64;
const CONNECTIONS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn no_descriptor_is_left() {
    let upstream = Upstream::start(&["--phones=150"]).await;
    let account = upstream.account("main", &upstream.ids, HASTY);
    let scene = Scene::with(upstream, &account, async |config| {
        Launch::configured(&config).descriptors(DESCRIPTORS).start().await
    })
    .await;
    let limit = scene.exporter.samples().await.value("process_max_fds", &[]);
    assert_eq!(limit, Some(f64::from(DESCRIPTORS)));

    let address = scene.exporter.url.strip_prefix("http://").unwrap().to_owned();
    let mut crowd = Vec::new();
    for _ in 0..CONNECTIONS {
        crowd.push(TcpStream::connect(&address).await.unwrap());
    }
    eventually("the shortage to be noticed", || async {
        scene
            .exporter
            .output()
            .contains("cannot accept connections")
            .then_some(())
    })
    .await;
    // The crowd stays, and asks for nothing; who asks is served all the same.
    scene.is_whole().await;
    drop(crowd);
    eventually("the crowd to be gone", || async {
        let open = scene.exporter.samples().await.value("process_open_fds", &[]);
        tokio::time::sleep(Duration::from_millis(50)).await;
        (open < Some(f64::from(DESCRIPTORS) / 2.0)).then_some(())
    })
    .await;
    scene.is_whole().await;
    scene.is_bearable().await;
}
