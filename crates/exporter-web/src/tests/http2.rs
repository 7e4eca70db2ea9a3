//! HTTP/2 clients that open many streams and read nothing.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::harness::{Fake, Server};
use crate::Settings;

const CONNECTIONS: usize = 20;
const STREAMS: u32 = 16;
/// The chunks of 16 KiB that an HTTP/2 connection may take in addition to those of an HTTP/1 connection, which the kernel
/// buffers.
const CHUNKS: usize = 100;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A client that allows any amount of data and sends `GET /metrics` on every stream.
fn greedy_client() -> Vec<u8> {
    let window = 0x7fff_0000_u32.to_be_bytes();
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // SETTINGS_INITIAL_WINDOW_SIZE, then WINDOW_UPDATE of the connection.
    bytes.extend(frame(4, 0, 0, &[&[0, 4], &window[..]].concat()));
    bytes.extend(frame(8, 0, 0, &window));
    // :method GET, :scheme http, :path /metrics, :authority x; END_STREAM and END_HEADERS.
    let head = b"\x82\x86\x04\x08/metrics\x01\x01x";
    for number in 0..STREAMS {
        bytes.extend(frame(1, 5, 2 * number + 1, head));
    }
    bytes
}

/// The number of chunks of a 5 MB scrape that clients take when they send `request` and read nothing.
async fn chunks_taken(request: &[u8]) -> usize {
    let server = Server::of(
        Fake {
            size: Some(5 * 1024 * 1024),
            ..Fake::default()
        },
        Settings::default(),
    )
    .await;
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut client = server.connect().await;
        client.write_all(request).await.unwrap();
        clients.push(client);
    }
    // The server has stopped when the count no longer rises. The kernel's buffers fill in real time.
    let mut before = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let taken = server.backend.chunks_taken.load(Ordering::Relaxed);
        if taken == before && before > 0 {
            break;
        }
        before = taken;
    }
    assert_eq!(server.get("/-/healthy").await.status, 200);
    before
}

#[tokio::test]
async fn http2_clients_that_read_nothing_do_not_grow_memory() {
    let http1 = chunks_taken(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let http2 = chunks_taken(&greedy_client()).await;
    assert!(
        http2 < http1 + CONNECTIONS * CHUNKS,
        "{http2} chunks, {http1} with HTTP/1, for {CONNECTIONS} connections"
    );
}
