//! The graceful end of the server.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::harness::{Fake, Server, answer};
use crate::{ConnectionLimits, Settings};

async fn slow_reload(end: Duration) -> (Server, TcpStream) {
    let backend = Fake {
        hold: Some(Semaphore::new(0)),
        ..Fake::default()
    };
    let settings = Settings {
        lifecycle: true,
        limits: ConnectionLimits {
            end,
            ..ConnectionLimits::default()
        },
        ..Settings::default()
    };
    let server = Server::of(backend, settings).await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"POST /-/reload HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    // The answer to a second request shows that the head of the first has arrived.
    assert_eq!(server.get("/-/healthy").await.status, 200);
    (server, stream)
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text).await;
    text
}

#[tokio::test]
async fn the_server_finishes_a_request_and_closes_idle_connections_before_it_ends() {
    let (server, mut asking) = slow_reload(Duration::from_mins(1)).await;
    let mut idle = server.connect().await;
    idle.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 1];
    idle.read_exact(&mut first).await.unwrap();
    let mut silent = server.connect().await;

    server.stop.cancel();
    assert!(read_all(&mut idle).await.ends_with("Healthy\n"));
    assert_eq!(read_all(&mut silent).await, "");
    assert!(!server.task.is_finished());
    assert!(TcpStream::connect(server.address).await.is_err());

    server.backend.hold.as_ref().unwrap().add_permits(1);
    let reloaded = answer(&read_all(&mut asking).await);
    assert_eq!((reloaded.status, reloaded.body.as_str()), (200, "Reloaded\n"));
    server.task.await.unwrap();
}

#[tokio::test]
async fn a_request_that_exceeds_the_time_limit_is_cut_off() {
    let (server, mut asking) = slow_reload(Duration::from_millis(50)).await;
    server.stop.cancel();
    server.task.await.unwrap();
    assert_eq!(read_all(&mut asking).await, "");
}

#[tokio::test]
async fn an_incomplete_head_does_not_delay_the_end() {
    let server = Server::start(Settings {
        limits: ConnectionLimits {
            end: Duration::from_mins(1),
            ..ConnectionLimits::default()
        },
        ..Settings::default()
    })
    .await;
    let mut slow = server.connect().await;
    slow.write_all(b"GET /metrics HTT").await.unwrap();
    assert_eq!(server.get("/-/healthy").await.status, 200);
    server.stop.cancel();
    server.task.await.unwrap();
}
