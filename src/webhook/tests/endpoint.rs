//! The path that GeeLark calls.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use exporter_web::{About, Backend, Guard, ScrapeBody, Settings, WebConfig, bind, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::*;

const LIMIT: usize = 64 * 1024;

/// A backend with a webhook for the account `main`.
struct Fake(Arc<Webhook>);

impl Backend for Fake {
    const ABOUT: About = About {
        program: "exporter",
        version: "1.0.0",
        title: "Exporter",
        description: "Exports metrics.",
        ready_when: "everything was polled",
    };

    fn scrape(&self, _: bool) -> ScrapeBody {
        ScrapeBody {
            gzip: false,
            length: 0,
            chunks: Box::new(std::iter::empty()),
        }
    }

    fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    async fn reload(&self) -> Result<(), String> {
        Ok(())
    }

    fn routes(self: &Arc<Self>, guard: Guard) -> Router {
        let webhook = self.0.clone();
        routes(move |account| (account == "main").then(|| webhook.clone()), guard)
    }
}

struct Server {
    address: SocketAddr,
    fixture: Fixture,
    counted: Mutex<BTreeMap<&'static str, u64>>,
    _stop: DropGuard,
}

impl Server {
    /// The results that were counted since the last call.
    fn results(&self) -> Vec<&'static str> {
        let mut results = Vec::new();
        for result in [
            "accepted",
            "ignored",
            "forged",
            "late",
            "replayed",
            "oversized",
            "unreadable",
        ] {
            let count = self.fixture.result(result);
            let before = self.counted.lock().unwrap().insert(result, count).unwrap_or(0);
            results.extend((before..count).map(|_| result));
        }
        results
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn ask(&self, method: &str, path: &str, headers: &[&str]) -> Answer {
        let headers: Vec<_> = headers.iter().map(|header| format!("\r\n{header}")).collect();
        send(self, &format!("{method} {path} HTTP/1.1{}", headers.concat()), b"").await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[]).await
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("(none)", String::as_str)
    }
}

fn answer(text: &str) -> Answer {
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer but {text:?}"));
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let pairs = lines.map(|line| line.split_once(": ").unwrap());
    Answer {
        status,
        headers: pairs
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect(),
        body: body.to_owned(),
    }
}

async fn server(settings: Settings) -> Server {
    let fixture = Fixture::new(None);
    let listeners = bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
    let (address, stop) = (listeners[0].address, CancellationToken::new());
    let backend = Arc::new(Fake(fixture.webhook.clone()));
    tokio::spawn(serve(listeners, settings, backend, stop.clone()));
    Server {
        address,
        fixture,
        counted: Mutex::default(),
        _stop: stop.drop_guard(),
    }
}

/// Headers that authenticate with `token`, and a trace id that was not used before.
fn authentication(token: &str) -> String {
    static TRACE_ID: AtomicU32 = AtomicU32::new(0);
    let trace_id = TRACE_ID.fetch_add(1, Ordering::Relaxed);
    format!("Authorization: Bearer {token}\r\nTraceId: {trace_id}")
}

/// Sends a request as it is written here, and reads until the server closes.
async fn send(server: &Server, head: &str, body: &[u8]) -> Answer {
    let mut stream = server.connect().await;
    let head = format!("{head}\r\nHost: exporter\r\nConnection: close\r\n\r\n");
    // A server that answers early may close while we still send.
    let _ = stream.write_all(&[head.as_bytes(), body].concat()).await;
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text).await;
    answer(&String::from_utf8(text).unwrap())
}

async fn post(server: &Server, path: &str, token: &str, body: &str) -> Answer {
    let (authentication, length) = (authentication(token), body.len());
    let head = format!("POST {path} HTTP/1.1\r\n{authentication}\r\nContent-Length: {length}");
    send(server, &head, body.as_bytes()).await
}

#[tokio::test]
async fn an_admitted_request_is_received_and_another_is_not_read() {
    let server = server(Settings::default()).await;
    let taken = post(&server, "/webhook/main", "tok-1", "{}").await;
    assert_eq!((taken.status, taken.body.as_str()), (204, ""));
    assert_eq!(server.results(), ["ignored"]);
    let forged = post(&server, "/webhook/main", "tok-2", "{}").await;
    assert_eq!(forged.status, 401);
    assert_eq!(forged.header("www-authenticate"), "(none)", "no password would help");
    assert_eq!(server.results(), ["forged"]);
    assert_eq!(post(&server, "/webhook/main", "tok-1", "nonsense").await.status, 400);
}

#[tokio::test]
async fn a_forged_request_is_answered_before_its_body_arrives() {
    let server = server(Settings::default()).await;
    let head = format!(
        "POST /webhook/main HTTP/1.1\r\n{}\r\nContent-Length: 1000",
        authentication("tok-2")
    );
    assert_eq!(send(&server, &head, b"").await.status, 401);
    assert_eq!(server.results(), ["forged"]);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_however_it_arrives() {
    let server = server(Settings::default()).await;
    let full = format!("{{{}}}", " ".repeat(LIMIT - 2));
    assert_eq!(post(&server, "/webhook/main", "tok-1", &full).await.status, 204);
    assert_eq!(server.results(), ["ignored"]);

    let head = |length: &str| format!("POST /webhook/main HTTP/1.1\r\n{}\r\n{length}", authentication("tok-1"));
    let announced = head(&format!("Content-Length: {}", LIMIT + 1));
    assert_eq!(send(&server, &announced, b"").await.status, 413);
    assert_eq!(server.results(), ["oversized"]);

    let chunk = [
        format!("{:x}\r\n", LIMIT + 1).as_bytes(),
        &vec![b' '; LIMIT + 1],
        b"\r\n",
    ]
    .concat();
    let answer = send(&server, &head("Transfer-Encoding: chunked"), &chunk).await;
    assert_eq!(answer.status, 413);
    assert_eq!(server.results(), ["oversized"]);
}

#[tokio::test]
async fn an_incomplete_body_is_not_received() {
    let server = server(Settings::default()).await;
    let mut stream = server.connect().await;
    let authentication = authentication("tok-1");
    let head = format!("POST /webhook/main HTTP/1.1\r\nHost: x\r\n{authentication}\r\nContent-Length: 10\r\n\r\n{{");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text).await;
    assert_eq!(server.results(), [""; 0]);
}

#[tokio::test]
async fn other_methods_accounts_and_paths_are_refused() {
    let server = server(Settings::default()).await;
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
        let answer = server.ask(method, "/webhook/main", &[&authentication("tok-1")]).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "POST"), "{method}");
    }
    for path in [
        "/webhook/spare",
        "/webhook/main/",
        "/webhook/main/x",
        "/webhook/",
        "/webhook",
        "/webhook/%6Dain%00",
    ] {
        assert_eq!(post(&server, path, "tok-1", "{}").await.status, 404, "{path}");
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
    assert_eq!(server.results(), [""; 0]);
    let escaped = post(&server, "/webhook/%6Dain", "tok-1", "{}").await;
    assert_eq!(escaped.status, 204, "a name may be escaped");
}

#[tokio::test]
async fn only_the_path_of_a_webhook_needs_no_password() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("web.yml");
    let yaml = format!(
        "basic_auth_users: {{alice: {}}}\nhttp_server_config: {{headers: {{X-Frame-Options: deny}}}}",
        bcrypt::hash("secret", 4).unwrap()
    );
    std::fs::write(&file, yaml).unwrap();
    let server = server(Settings {
        web_config: WebConfig::from_file(&file).unwrap(),
        ..Settings::default()
    })
    .await;
    let taken = post(&server, "/webhook/main", "tok-1", "{}").await;
    assert_eq!((taken.status, taken.header("x-frame-options")), (204, "deny"));
    let forged = post(&server, "/webhook/main", "tok-2", "{}").await;
    assert_eq!(forged.header("www-authenticate"), "(none)");
    for path in [
        "/webhook/spare",
        "/webhook/main/",
        "/webhook",
        "/metrics",
        "/webhook/main/../../metrics",
    ] {
        // A token is no password, and a request has one authentication.
        let answer = server.get(path).await;
        assert!(
            answer.header("www-authenticate").starts_with("Basic"),
            "{path}: {answer:?}"
        );
    }
}
