//! Responses by path and method.

use std::sync::atomic::Ordering;

use super::harness::{Fake, GZIP, PLAIN, Server};
use crate::Settings;

#[tokio::test]
async fn metrics_have_their_headers_and_their_length() {
    let server = Server::start(Settings::default()).await;
    let plain = server.get("/metrics").await;
    assert_eq!((plain.status, plain.body.as_str()), (200, PLAIN));
    assert_eq!(plain.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(plain.header("content-length"), PLAIN.len().to_string());
    assert_eq!(plain.header("vary"), "Accept-Encoding");
    assert_eq!(plain.header("content-encoding"), "(none)");

    let gzip = server.ask("GET", "/metrics?x=1", &["Accept-Encoding: gzip"]).await;
    assert_eq!((gzip.status, gzip.body.as_str()), (200, GZIP));
    assert_eq!(gzip.header("content-encoding"), "gzip");
    assert_eq!(gzip.header("content-length"), GZIP.len().to_string());

    let refused = server
        .ask("GET", "/metrics", &["Accept-Encoding: gzip;q=0", "Accept-Encoding: *"])
        .await;
    assert_eq!(refused.body, PLAIN);
}

#[tokio::test]
async fn a_backend_may_answer_uncompressed() {
    let size = 16 * 1024;
    let backend = Fake {
        size: Some(size),
        ..Fake::default()
    };
    let server = Server::of(backend, Settings::default()).await;
    let plain = server.ask("GET", "/metrics", &["Accept-Encoding: gzip"]).await;
    assert_eq!(plain.header("content-encoding"), "(none)");
    assert_eq!(plain.body.len(), size);
}

#[tokio::test]
async fn head_has_the_headers_of_get_without_rendering_a_body() {
    let server = Server::start(Settings::default()).await;
    for path in ["/metrics", "/", "/-/healthy", "/-/ready", "/nothing"] {
        let (get, head) = (server.get(path).await, server.ask("HEAD", path, &[]).await);
        assert_eq!(head.body, "", "{path}");
        assert_eq!(head.status, get.status, "{path}");
        for header in ["content-type", "content-length", "vary"] {
            assert_eq!(head.header(header), get.header(header), "{path}");
        }
    }
    let before = server.backend.chunks_taken.load(Ordering::Relaxed);
    server.ask("HEAD", "/metrics", &[]).await;
    assert_eq!(server.backend.chunks_taken.load(Ordering::Relaxed), before);
}

#[tokio::test]
async fn the_telemetry_path_is_configurable() {
    let server = Server::start(Settings {
        telemetry_path: "/fleet/metrics".parse().unwrap(),
        ..Settings::default()
    })
    .await;
    assert_eq!(server.get("/fleet/metrics").await.body, PLAIN);
    assert_eq!(server.get("/metrics").await.status, 404);
    assert!(server.get("/").await.body.contains("href=\"/fleet/metrics\""));
}

#[tokio::test]
async fn health_does_not_depend_on_readiness() {
    let server = Server::start(Settings::default()).await;
    assert_eq!(server.get("/-/ready").await.status, 200);
    server.backend.ready.store(false, Ordering::Relaxed);
    let ready = server.get("/-/ready").await;
    assert_eq!(
        (ready.status, ready.body.as_str()),
        (503, "account main has not finished its first round\n")
    );
    let healthy = server.get("/-/healthy").await;
    assert_eq!((healthy.status, healthy.body.as_str()), (200, "Healthy\n"));
    let page = server.get("/").await;
    assert!(page.body.contains("Not ready yet: account main"), "{}", page.body);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    assert!(page.body.contains(env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn wrong_paths_and_methods_get_a_sentence() {
    let server = Server::start(Settings::default()).await;
    let nothing = server.get("/nothing").await;
    assert_eq!(nothing.status, 404);
    assert_eq!(nothing.body, "There is nothing at this path; see / for the paths.\n");
    for (method, path, allow) in [
        ("POST", "/metrics", "GET,HEAD"),
        ("DELETE", "/-/healthy", "GET,HEAD"),
        ("GET", "/-/reload", "POST"),
        ("PUT", "/", "GET,HEAD"),
    ] {
        let answer = server.ask(method, path, &[]).await;
        assert_eq!((answer.status, answer.header("allow")), (405, allow), "{method} {path}");
        assert!(answer.body.contains("Allow header"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_reload_needs_the_lifecycle_flag() {
    let server = Server::start(Settings::default()).await;
    let refused = server.ask("POST", "/-/reload", &[]).await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("--web.enable-lifecycle"), "{}", refused.body);
}

fn lifecycle() -> Settings {
    Settings {
        lifecycle: true,
        ..Settings::default()
    }
}

#[tokio::test]
async fn a_reload_reports_its_result() {
    let server = Server::start(lifecycle()).await;
    assert_eq!(server.ask("POST", "/-/reload", &[]).await.status, 200);
    *server.backend.reload.lock().unwrap() = Err("a.yml: accounts: is empty; name one".to_owned());
    let failed = server.ask("POST", "/-/reload", &["Content-Length: 0"]).await;
    assert_eq!(
        (failed.status, failed.body.as_str()),
        (500, "a.yml: accounts: is empty; name one\n")
    );
}

#[tokio::test]
async fn a_reload_continues_when_the_client_disconnects() {
    use tokio::io::AsyncWriteExt;

    let backend = Fake {
        hold: Some(tokio::sync::Semaphore::new(0)),
        ..Fake::default()
    };
    let server = Server::of(backend, lifecycle()).await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"POST /-/reload HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    drop(stream);
    let hold = server.backend.hold.as_ref().unwrap();
    hold.add_permits(1);
    // Only a reload that continues consumes the permit.
    while hold.available_permits() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_large_body_is_refused_before_it_is_read() {
    let server = Server::start(lifecycle()).await;
    let length = format!("Content-Length: {}", 64 * 1024 + 1);
    let refused = server.ask("POST", "/-/reload", &[&length]).await;
    assert_eq!(refused.status, 413);
}
