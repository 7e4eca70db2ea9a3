//! Clients that send slowly, nothing, or too much, and the scrape that has to pass them.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::harness::{Fake, PLAIN, Server};
use crate::{Limits, Settings};

#[tokio::test]
async fn a_scrape_passes_hundreds_of_half_open_connections() {
    let server = Server::start(Settings::default()).await;
    let mut strangers = Vec::new();
    // Both ends of each are in this process, which often may open no more than 1,024 files.
    for number in 0..300 {
        let mut stream = server.connect().await;
        if number % 2 == 0 {
            stream.write_all(b"GET /metrics HTTP/1.1\r\nX-Slow: ").await.unwrap();
        }
        strangers.push(stream);
    }
    let began = Instant::now();
    assert_eq!(server.get("/metrics").await.body, PLAIN);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

fn limits(limits: Limits) -> Settings {
    Settings {
        limits,
        ..Settings::default()
    }
}

#[tokio::test]
async fn a_full_house_makes_room_by_dropping_who_asked_nothing() {
    let server = Server::start(limits(Limits {
        connections: 10,
        ..Limits::default()
    }))
    .await;
    let mut strangers = Vec::new();
    for _ in 0..200 {
        let mut stream = server.connect().await;
        stream.write_all(b"GET /metrics HTTP/1.1\r\n").await.unwrap();
        strangers.push(stream);
    }
    for _ in 0..20 {
        assert_eq!(server.get("/metrics").await.body, PLAIN);
    }
    // The first of them was let go.
    let mut rest = Vec::new();
    let _ = strangers[0].read_to_end(&mut rest).await;
    assert!(rest.is_empty());
}

#[tokio::test]
async fn who_takes_nothing_of_a_large_answer_makes_room_too() {
    let backend = Fake {
        size: Some(64 * 1024 * 1024),
        ..Fake::default()
    };
    let server = Server::of(
        backend,
        limits(Limits {
            connections: 1,
            stall: Duration::from_millis(50),
            ..Limits::default()
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

/// Time that only passes when nothing else can happen.
#[tokio::test(start_paused = true)]
async fn a_connection_that_never_asks_is_closed() {
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
async fn a_head_without_end_is_cut_off() {
    let server = Server::start(Settings::default()).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let line = format!("X-Much: {}\r\n", "y".repeat(1000));
    let mut sent = 0;
    while sent < 10_000_000 && stream.write_all(line.as_bytes()).await.is_ok() {
        sent += line.len();
    }
    assert!(sent < 10_000_000, "10 MB of headers were taken");
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
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
