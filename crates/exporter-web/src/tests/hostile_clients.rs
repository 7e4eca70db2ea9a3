//! Clients that send slowly, nothing, or too much. Scrapes must succeed all the same.

use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::harness::{Fake, PLAIN, Server};
use crate::{ConnectionLimits, Settings};

/// Sends nothing, a part of a request, or a part of a TLS handshake.
const INCOMPLETE: [&[u8]; 3] = [b"", b"GET /metrics HTTP/1.1\r\nX-Slow: ", b"\x16\x03\x01\x02\x00\x01"];

/// The median, because the machine may be busy with something else.
async fn scrape_duration(server: &Server) -> Duration {
    let mut durations = Vec::new();
    for _ in 0..15 {
        let began = Instant::now();
        assert_eq!(server.get("/metrics").await.body, PLAIN);
        durations.push(began.elapsed());
    }
    durations.sort();
    durations[durations.len() / 2]
}

#[tokio::test]
async fn a_thousand_silent_clients_do_not_delay_a_scrape() {
    // Both ends of each connection are in this process.
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    let server = Server::start(Settings::default()).await;
    let alone = scrape_duration(&server).await;
    let mut hostile = Vec::new();
    for bytes in INCOMPLETE.iter().cycle().take(1000) {
        let mut stream = server.connect().await;
        stream.write_all(bytes).await.unwrap();
        hostile.push(stream);
    }
    let beside = scrape_duration(&server).await;
    println!(
        "a scrape takes {alone:?} alone and {beside:?} beside {} silent clients",
        hostile.len()
    );
    assert!(
        beside < alone + Duration::from_millis(100),
        "{beside:?}, alone {alone:?}"
    );
}

fn limits(limits: ConnectionLimits) -> Settings {
    Settings {
        limits,
        ..Settings::default()
    }
}

#[tokio::test]
async fn at_the_connection_limit_the_oldest_connection_without_a_request_is_closed() {
    let server = Server::start(limits(ConnectionLimits {
        connections: 10,
        ..ConnectionLimits::default()
    }))
    .await;
    let mut hostile = Vec::new();
    for _ in 0..200 {
        let mut stream = server.connect().await;
        stream.write_all(b"GET /metrics HTTP/1.1\r\n").await.unwrap();
        hostile.push(stream);
    }
    for _ in 0..20 {
        assert_eq!(server.get("/metrics").await.body, PLAIN);
    }
    // The oldest connection is closed.
    let mut rest = Vec::new();
    let _ = hostile[0].read_to_end(&mut rest).await;
    assert!(rest.is_empty());
}

#[tokio::test]
async fn at_the_connection_limit_a_connection_that_does_not_read_its_response_is_closed() {
    let backend = Fake {
        size: Some(64 * 1024 * 1024),
        ..Fake::default()
    };
    let server = Server::of(
        backend,
        limits(ConnectionLimits {
            connections: 1,
            stall: Duration::from_millis(50),
            ..ConnectionLimits::default()
        }),
    )
    .await;
    let mut stuck = server.connect().await;
    stuck
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 12];
    stuck.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    assert_eq!(server.get("/-/healthy").await.status, 200);
}

/// Paused time advances only when every task is idle.
#[tokio::test(start_paused = true)]
async fn a_connection_without_a_request_is_closed() {
    let server = Server::start(Settings::default()).await;
    let mut silent = server.connect().await;
    let mut trickling = server.connect().await;
    trickling.write_all(b"GET / HTTP/1.1\r\nHos").await.unwrap();
    let began = tokio::time::Instant::now();
    for stream in [&mut silent, &mut trickling] {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert!(rest.is_empty());
    }
    let waited = began.elapsed();
    assert!(
        waited >= Duration::from_secs(9) && waited < Duration::from_secs(30),
        "{waited:?}"
    );
}

#[tokio::test]
async fn a_connection_is_kept_between_requests() {
    let server = Server::start(Settings::default()).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream
            .write_all(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let mut read = [0; 512];
        let mut text = String::new();
        while !text.ends_with("Healthy\n") {
            let length = stream.read(&mut read).await.unwrap();
            assert_ne!(length, 0, "closed after {text:?}");
            text += std::str::from_utf8(&read[..length]).unwrap();
        }
    }
}

#[tokio::test]
async fn an_endless_head_is_cut_off() {
    let server = Server::start(Settings::default()).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let line = format!("X-Much: {}\r\n", "y".repeat(1000));
    let mut sent = 0;
    while sent < 10_000_000 && stream.write_all(line.as_bytes()).await.is_ok() {
        sent += line.len();
    }
    assert!(sent < 10_000_000, "the server accepted 10 MB of headers");
}

#[tokio::test]
async fn bytes_that_are_not_http_are_refused() {
    let server = Server::start(Settings::default()).await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
        .await
        .unwrap();
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text).await;
    assert!(text.is_empty() || text.starts_with(b"HTTP/1.1 400"), "{text:?}");
    assert_eq!(server.get("/-/healthy").await.status, 200);
}
