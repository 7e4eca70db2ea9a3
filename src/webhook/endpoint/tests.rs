//! The path that GeeLark calls.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;

use exporter_web::{About, Backend, ScrapeBody, Settings, WebConfig, bind, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::*;

const LIMIT: usize = 64 * 1024;

/// Believes whoever says `X-Password: right`, and reads what begins with a brace.
#[derive(Default)]
struct Ear {
    heard: Mutex<Vec<String>>,
}

impl Ear {
    fn note(&self, what: impl Into<String>) {
        self.heard.lock().unwrap().push(what.into());
    }

    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }
}

impl Receiver for Ear {
    fn admit(&self, headers: &HeaderMap) -> bool {
        let is_right = headers.get("x-password").is_some_and(|given| given == "right");
        self.note(if is_right { "admitted" } else { "refused" });
        is_right
    }

    fn receive(&self, _: &HeaderMap, body: Bytes) -> bool {
        self.note(format!("{} bytes", body.len()));
        body.starts_with(b"{")
    }

    fn oversized(&self) {
        self.note("oversized");
    }
}

/// A backend with a webhook for the account `main`.
struct Fake(Arc<Ear>);

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
        let ear = self.0.clone();
        let receiver = move |account: &str| -> Option<Arc<dyn Receiver>> {
            let ear: Arc<dyn Receiver> = ear.clone();
            (account == "main").then_some(ear)
        };
        routes(Arc::new(receiver), guard)
    }
}

struct Server {
    address: SocketAddr,
    _stop: DropGuard,
}

impl Server {
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

async fn server(settings: Settings) -> (Server, Arc<Ear>) {
    let ear = Arc::new(Ear::default());
    let listeners = bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
    let (address, stop) = (listeners[0].address, CancellationToken::new());
    tokio::spawn(serve(listeners, settings, Arc::new(Fake(ear.clone())), stop.clone()));
    let server = Server {
        address,
        _stop: stop.drop_guard(),
    };
    (server, ear)
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

async fn post(server: &Server, path: &str, password: &str, body: &str) -> Answer {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nX-Password: {password}\r\nContent-Length: {length}");
    send(server, &head, body.as_bytes()).await
}

#[tokio::test]
async fn what_is_believed_is_received_and_what_is_not_is_not_read() {
    let (server, ear) = server(Settings::default()).await;
    let taken = post(&server, "/webhook/main", "right", "{}").await;
    assert_eq!((taken.status, taken.body.as_str()), (204, ""));
    assert_eq!(ear.heard(), ["admitted", "2 bytes"]);
    let forged = post(&server, "/webhook/main", "wrong", "{}").await;
    assert_eq!(forged.status, 401);
    assert_eq!(forged.header("www-authenticate"), "(none)", "no password would help");
    assert_eq!(ear.heard(), ["refused"]);
    assert_eq!(post(&server, "/webhook/main", "right", "nonsense").await.status, 400);
}

#[tokio::test]
async fn a_stranger_is_answered_before_the_body_has_come() {
    let (server, ear) = server(Settings::default()).await;
    let head = "POST /webhook/main HTTP/1.1\r\nX-Password: wrong\r\nContent-Length: 1000";
    assert_eq!(send(&server, head, b"").await.status, 401);
    assert_eq!(ear.heard(), ["refused"]);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_read_however_it_comes() {
    let (server, ear) = server(Settings::default()).await;
    let full = format!("{{{}", " ".repeat(LIMIT - 1));
    assert_eq!(post(&server, "/webhook/main", "right", &full).await.status, 204);
    assert_eq!(ear.heard(), ["admitted", &format!("{LIMIT} bytes")]);

    let head = format!(
        "POST /webhook/main HTTP/1.1\r\nX-Password: right\r\nContent-Length: {}",
        LIMIT + 1
    );
    assert_eq!(send(&server, &head, b"").await.status, 413);
    assert_eq!(ear.heard(), ["oversized"]);

    let head = "POST /webhook/main HTTP/1.1\r\nX-Password: right\r\nTransfer-Encoding: chunked";
    let chunk = [
        format!("{:x}\r\n", LIMIT + 1).as_bytes(),
        &vec![b' '; LIMIT + 1],
        b"\r\n",
    ]
    .concat();
    assert_eq!(send(&server, head, &chunk).await.status, 413);
    assert_eq!(ear.heard(), ["admitted", "oversized"]);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_received() {
    let (server, ear) = server(Settings::default()).await;
    let mut stream = server.connect().await;
    let head = "POST /webhook/main HTTP/1.1\r\nHost: x\r\nX-Password: right\r\nContent-Length: 10\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text).await;
    assert_eq!(ear.heard(), ["admitted"]);
}

#[tokio::test]
async fn other_methods_accounts_and_paths_are_turned_away() {
    let (server, ear) = server(Settings::default()).await;
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
        let answer = server.ask(method, "/webhook/main", &["X-Password: right"]).await;
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
        assert_eq!(post(&server, path, "right", "{}").await.status, 404, "{path}");
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
    assert_eq!(ear.heard(), [""; 0]);
    assert_eq!(
        post(&server, "/webhook/%6Dain", "right", "{}").await.status,
        204,
        "a name may be escaped"
    );
}

#[tokio::test]
async fn only_the_path_of_a_webhook_that_is_on_needs_no_password() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("web.yml");
    let yaml = format!(
        "basic_auth_users: {{alice: {}}}\nhttp_server_config: {{headers: {{X-Frame-Options: deny}}}}",
        bcrypt::hash("secret", 4).unwrap()
    );
    std::fs::write(&file, yaml).unwrap();
    let (server, _) = server(Settings {
        web_config: WebConfig::from_file(&file).unwrap(),
        ..Settings::default()
    })
    .await;
    let taken = post(&server, "/webhook/main", "right", "{}").await;
    assert_eq!((taken.status, taken.header("x-frame-options")), (204, "deny"));
    assert_eq!(
        post(&server, "/webhook/main", "wrong", "{}")
            .await
            .header("www-authenticate"),
        "(none)"
    );
    for path in [
        "/webhook/spare",
        "/webhook/main/",
        "/webhook",
        "/metrics",
        "/webhook/main/../../metrics",
    ] {
        let answer = post(&server, path, "right", "{}").await;
        assert!(
            answer.header("www-authenticate").starts_with("Basic"),
            "{path}: {answer:?}"
        );
    }
}
