//! Faults of the connection and of the body, as a client sees them.

use std::error::Error;
use std::io;

use super::*;

const TIMEOUT: Duration = Duration::from_secs(20);

/// The I/O error at the bottom of a client's error.
fn io_kind(error: &reqwest::Error) -> Option<io::ErrorKind> {
    let mut source: Option<&dyn Error> = Some(error);
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        source = error.source();
    }
    None
}

#[tokio::test]
async fn a_reset_connection_differs_from_a_closed_one() {
    let server = Server::new(with_faults(1, &["reset,count=1", "close,count=1"])).await;
    let reset = server.status_call().timeout(TIMEOUT).send().await.unwrap_err();
    assert_eq!(io_kind(&reset), Some(io::ErrorKind::ConnectionReset), "{reset:?}");
    let close = server.status_call().timeout(TIMEOUT).send().await.unwrap_err();
    assert!(!close.is_timeout(), "{close:?}");
    assert_ne!(io_kind(&close), Some(io::ErrorKind::ConnectionReset), "{close:?}");
    assert_eq!(
        server.status_call().send().await.unwrap().status(),
        200,
        "the next connection is served"
    );
}

#[tokio::test]
async fn a_hang_sends_no_headers_and_a_hanging_body_sends_them() {
    let server = Server::new(with_faults(1, &["hang,count=1", "hang-body"])).await;
    let timeout = Duration::from_millis(300);
    let hang = server.status_call().timeout(timeout).send().await.unwrap_err();
    assert!(hang.is_timeout(), "{hang:?}");
    let mut response = server.status_call().timeout(timeout).send().await.unwrap();
    let first = response.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"{\"code\""));
    assert!(response.chunk().await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn a_cut_body_is_shorter_than_announced() {
    let server = Server::new(with_faults(1, &["cut"])).await;
    let response = server.status_call().timeout(TIMEOUT).send().await.unwrap();
    let announced = response.content_length().unwrap();
    assert!(announced > 100);
    let cut = response.bytes().await.unwrap_err();
    assert!(!cut.is_timeout(), "{cut:?}");
}

#[tokio::test]
async fn body_faults_replace_the_envelope() {
    let server = Server::new(options(5)).await;
    for (fault, check) in [
        ("html", (|body| body.starts_with(b"<html>")) as fn(&[u8]) -> bool),
        ("empty", |body| body.is_empty()),
        ("truncated", |body| {
            serde_json::from_slice::<Value>(body).unwrap_err().is_eof()
        }),
        ("not-utf8", |body| {
            std::str::from_utf8(body).is_err() && body.ends_with(b"}")
        }),
        ("deep:1000", |body| {
            body.windows(1000).any(|window| window.iter().all(|byte| *byte == b'['))
        }),
        ("deep:1000", |body| {
            serde_json::from_slice::<Value>(body).is_err_and(|error| error.to_string().contains("recursion"))
        }),
    ] {
        let control = format!("{}/_simulator/faults", server.base);
        let set = server.client.put(control).body(serde_json::json!([fault]).to_string());
        assert_eq!(set.send().await.unwrap().status(), 204);
        let body = server.body().await;
        assert!(check(&body), "{fault}: {}", String::from_utf8_lossy(&body));
    }
}

#[tokio::test]
async fn a_huge_body_has_the_requested_size_and_a_bomb_is_small_on_the_network() {
    let server = Server::new(with_faults(1, &["huge:3M,count=1"])).await;
    let huge: Value = serde_json::from_slice(&server.body().await).unwrap();
    assert_eq!(huge["data"]["padding"].as_str().unwrap().len(), 3 << 20);

    let server = Server::new(with_faults(1, &["bomb:8M"])).await;
    let inflated: Value = serde_json::from_slice(&server.body().await).unwrap();
    assert_eq!(inflated["data"]["padding"].as_str().unwrap().len(), 8 << 20);
    let plain = client(reqwest::Client::builder().no_gzip());
    let response = server.status_call_with(&plain).send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert!(response.bytes().await.unwrap().len() < 32 << 10);
}

#[tokio::test]
async fn http2_with_prior_knowledge_is_supported() {
    let server = Server::new(with_faults(3, &["reset,count=1"])).await;
    let client = client(reqwest::Client::builder().http2_prior_knowledge());
    assert!(server.status_call_with(&client).timeout(TIMEOUT).send().await.is_err());
    let response = server.status_call_with(&client).send().await.unwrap();
    assert_eq!(
        (response.version(), response.status().as_u16()),
        (reqwest::Version::HTTP_2, 200)
    );
}

#[tokio::test]
async fn stopping_ends_hanging_calls_and_closes_the_port() {
    let server = Server::new(with_faults(1, &["hang"])).await;
    let hanging = tokio::spawn(server.status_call().send());
    let calls = format!("{}/_simulator/calls", server.base);
    loop {
        let log: Value =
            serde_json::from_slice(&server.client.get(&calls).send().await.unwrap().bytes().await.unwrap()).unwrap();
        if log["total"] == 1 {
            break;
        }
    }
    server.stop.cancel();
    tokio::time::timeout(TIMEOUT, server.served).await.unwrap().unwrap();
    assert!(hanging.await.unwrap().is_err());
    assert!(server.client.get(&calls).send().await.unwrap_err().is_connect());
}
