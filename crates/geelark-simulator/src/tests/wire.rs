//! Faults of the connection and of the body, as a client meets them.

use std::error::Error;
use std::io;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

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
async fn a_reset_is_a_reset_and_a_close_is_none() {
    let stand = Stand::new(with_faults(1, &["reset,count=1", "close,count=1"])).await;
    let reset = stand.ask().timeout(PATIENCE).send().await.unwrap_err();
    assert_eq!(io_kind(&reset), Some(io::ErrorKind::ConnectionReset), "{reset:?}");
    let close = stand.ask().timeout(PATIENCE).send().await.unwrap_err();
    assert!(!close.is_timeout(), "{close:?}");
    assert_ne!(io_kind(&close), Some(io::ErrorKind::ConnectionReset), "{close:?}");
    assert_eq!(
        stand.ask().send().await.unwrap().status(),
        200,
        "the next connection is served"
    );
}

#[tokio::test]
async fn a_hang_sends_no_headers_and_a_hanging_body_sends_them() {
    let stand = Stand::new(with_faults(1, &["hang,count=1", "hang-body"])).await;
    let patience = Duration::from_millis(300);
    let hang = stand.ask().timeout(patience).send().await.unwrap_err();
    assert!(hang.is_timeout(), "{hang:?}");
    let mut response = stand.ask().timeout(patience).send().await.unwrap();
    let first = response.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"{\"traceId\""));
    assert!(response.chunk().await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn a_cut_body_breaks_its_promise() {
    let stand = Stand::new(with_faults(1, &["cut"])).await;
    let response = stand.ask().timeout(PATIENCE).send().await.unwrap();
    let promised = response.content_length().unwrap();
    assert!(promised > 100);
    let cut = response.bytes().await.unwrap_err();
    assert!(!cut.is_timeout(), "{cut:?}");
}

#[tokio::test]
async fn bodies_can_be_anything_but_an_answer() {
    let stand = Stand::new(options(5)).await;
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
        let control = format!("{}/_simulator/faults", stand.base);
        let set = stand.client.put(control).body(serde_json::json!([fault]).to_string());
        assert_eq!(set.send().await.unwrap().status(), 204);
        let body = stand.body().await;
        assert!(check(&body), "{fault}: {}", String::from_utf8_lossy(&body));
    }
}

#[tokio::test]
async fn a_huge_body_is_as_large_as_asked_and_a_bomb_small_on_the_wire() {
    let stand = Stand::new(with_faults(1, &["huge:3M,count=1"])).await;
    let huge: Value = serde_json::from_slice(&stand.body().await).unwrap();
    assert_eq!(huge["data"]["padding"].as_str().unwrap().len(), 3 << 20);

    let stand = Stand::new(with_faults(1, &["bomb:8M"])).await;
    let inflated: Value = serde_json::from_slice(&stand.body().await).unwrap();
    assert_eq!(inflated["data"]["padding"].as_str().unwrap().len(), 8 << 20);
    let plain = client(reqwest::Client::builder().no_gzip());
    let response = stand.ask_with(&plain).send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert!(response.bytes().await.unwrap().len() < 32 << 10);
}

#[tokio::test]
async fn http2_is_spoken_too() {
    let stand = Stand::new(with_faults(3, &["reset,count=1"])).await;
    let client = client(reqwest::Client::builder().http2_prior_knowledge());
    assert!(stand.ask_with(&client).timeout(PATIENCE).send().await.is_err());
    let response = stand.ask_with(&client).send().await.unwrap();
    assert_eq!(
        (response.version(), response.status().as_u16()),
        (reqwest::Version::HTTP_2, 200)
    );
}

#[tokio::test]
async fn stopping_ends_hanging_calls_and_closes_the_port() {
    let stand = Stand::new(with_faults(1, &["hang"])).await;
    let hanging = tokio::spawn(stand.ask().send());
    let calls = format!("{}/_simulator/calls", stand.base);
    loop {
        let log: Value =
            serde_json::from_slice(&stand.client.get(&calls).send().await.unwrap().bytes().await.unwrap()).unwrap();
        if log["total"] == 1 {
            break;
        }
    }
    stand.stop.cancel();
    tokio::time::timeout(PATIENCE, stand.served).await.unwrap().unwrap();
    assert!(hanging.await.unwrap().is_err());
    assert!(stand.client.get(&calls).send().await.unwrap_err().is_connect());
}
