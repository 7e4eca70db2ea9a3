//! Calls over real sockets on the loopback interface, with every kind of network error.

mod responses;
mod tls;

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::AUTHORIZATION;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::call::Reason;

const ENDPOINT: Endpoint = Endpoint::PayWallet;

/// The timeout of calls that are answered: long enough for a busy machine.
const PATIENT: Duration = Duration::from_secs(30);
/// The timeout of calls that are not answered.
const HASTY: Duration = Duration::from_millis(150);

/// What the server does after it has read a request.
#[derive(Clone)]
enum Act {
    /// Sends these bytes and keeps the connection.
    Send(Vec<u8>),
    /// Sends these bytes and closes.
    SendAndClose(Vec<u8>),
    /// Sends these bytes for as long as anyone reads.
    SendForEver(Vec<u8>, Vec<u8>),
    /// Sends these bytes and then nothing.
    SendAndStall(Vec<u8>),
}

/// A server that answers its requests in turn as told, and remembers them.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            connections: Arc::default(),
            requests: Arc::default(),
        };
        let (connections, requests) = (Arc::clone(&server.connections), Arc::clone(&server.requests));
        let acts = Arc::new(Mutex::new(acts.into_iter().collect::<Vec<_>>().into_iter()));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::Relaxed);
                let (requests, acts) = (Arc::clone(&requests), Arc::clone(&acts));
                tokio::spawn(async move {
                    while let Some(request) = read_request(&mut stream).await {
                        requests.lock().unwrap().push(request);
                        let act = acts.lock().unwrap().next();
                        if !perform(act, &mut stream).await {
                            return;
                        }
                    }
                });
            }
        });
        server
    }

    fn transport(&self, timeout: Duration) -> HttpTransport {
        transport(&format!("http://{}", self.address), timeout)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// False when the connection is to be closed.
async fn perform(act: Option<Act>, stream: &mut TcpStream) -> bool {
    match act {
        None => false,
        Some(Act::Send(bytes)) => stream.write_all(&bytes).await.is_ok(),
        Some(Act::SendAndClose(bytes)) => {
            let _ = stream.write_all(&bytes).await;
            false
        }
        Some(Act::SendForEver(head, bytes)) => {
            let _ = stream.write_all(&head).await;
            while stream.write_all(&bytes).await.is_ok() {}
            false
        }
        Some(Act::SendAndStall(bytes)) => {
            let _ = stream.write_all(&bytes).await;
            std::future::pending().await
        }
    }
}

/// Head and body of one request; `None` when the client closed.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut request = String::new();
    loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        request.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        if let Some((head, body)) = request.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return Some(request);
            }
        }
    }
}

fn transport(base_url: &str, timeout: Duration) -> HttpTransport {
    build(base_url, timeout, reqwest::Client::builder()).unwrap()
}

/// As users have it, except that a proxy of the machine the tests run on is left out.
fn build(base_url: &str, timeout: Duration, builder: ClientBuilder) -> Result<HttpTransport, SetupError> {
    HttpTransport::build(&base_url.parse().unwrap(), timeout, builder.no_proxy())
}

async fn post(transport: &HttpTransport) -> Result<Reply, Failure> {
    let mut headers = HeaderMap::new();
    let mut token = HeaderValue::from_static("Bearer tok-1");
    token.set_sensitive(true);
    headers.insert(AUTHORIZATION, token);
    transport
        .post(ENDPOINT, headers, Bytes::from_static(b"{\"ids\":[]}"))
        .await
}

/// Posts and expects a failure of this kind; returns its message.
async fn fails(transport: &HttpTransport, reason: Reason) -> String {
    let failure = post(transport).await.unwrap_err();
    assert_eq!(failure.reason, reason, "{failure:?}");
    for private in ["127.0.0.1", "http://", "tok-1"] {
        assert!(!failure.message.contains(private), "{failure:?}");
    }
    failure.message
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn a_request_has_its_headers_and_the_reply_is_complete() {
    let server = Server::start([Act::Send(answer("200 OK", b"{}"))]).await;
    let transport = transport(&format!("http://{}/prefix/", server.address), PATIENT);
    let expected = Reply {
        status: 200,
        retry_after: None,
        body: Bytes::from_static(b"{}"),
    };
    assert_eq!(post(&transport).await.unwrap(), expected);
    let request = server.requests().remove(0);
    let agent = format!("user-agent: geelark_exporter/{}\r\n", env!("CARGO_PKG_VERSION"));
    for part in [
        "POST /prefix/open/v1/pay/wallet HTTP/1.1\r\n",
        "authorization: Bearer tok-1\r\n",
        "content-type: application/json\r\n",
        "accept-encoding: gzip\r\n",
        &agent,
        "\r\n\r\n{\"ids\":[]}",
    ] {
        assert!(request.contains(part), "{part:?} is not in {request:?}");
    }
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let ok = Act::Send(answer("200 OK", b"{}"));
    let server = Server::start([ok.clone(), ok.clone(), ok]).await;
    let transport = server.transport(PATIENT);
    for _ in 0..3 {
        post(&transport).await.unwrap();
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn no_request_is_repeated() {
    let server = Server::start([
        Act::Send(answer("200 OK", b"{}")),
        Act::SendAndClose(Vec::new()),
        Act::Send(answer("200 OK", b"{}")),
    ])
    .await;
    let transport = server.transport(PATIENT);
    post(&transport).await.unwrap();
    fails(&transport, Reason::Connect).await;
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_silent_server_is_a_timeout_before_and_within_the_response() {
    let begun = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{".to_vec();
    let server = Server::start([Act::SendAndStall(Vec::new()), Act::SendAndStall(begun)]).await;
    let transport = server.transport(HASTY);
    for _ in 0..2 {
        let message = fails(&transport, Reason::Timeout).await;
        assert!(message.starts_with("no complete response within 150ms"), "{message}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_a_connect_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let message = fails(&transport(&format!("http://{address}"), PATIENT), Reason::Connect).await;
    assert!(message.starts_with("no connection: Connection refused"), "{message}");
}

#[tokio::test]
async fn a_connection_that_breaks_early_is_a_connect_failure_and_late_a_body_failure() {
    let server = Server::start([
        Act::SendAndClose(Vec::new()),
        Act::SendAndClose(b"HTTP/1.1 200".to_vec()),
        Act::SendAndClose(b"SSH-2.0-OpenSSH\r\n".to_vec()),
        Act::SendAndClose(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{".to_vec()),
        Act::SendAndClose(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n".to_vec()),
        Act::SendAndClose(answer("200 OK\r\ncontent-encoding: gzip", b"this is not gzip")),
    ])
    .await;
    let transport = server.transport(PATIENT);
    for _ in 0..3 {
        let message = fails(&transport, Reason::Connect).await;
        assert!(message.starts_with("the connection broke"), "{message}");
    }
    for _ in 0..3 {
        let message = fails(&transport, Reason::Body).await;
        assert!(message.starts_with("the response broke off: "), "{message}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Server::start([]).await;
    let redirect = answer(
        &format!("307 Temporary Redirect\r\nlocation: http://{}/", other.address),
        b"",
    );
    let server = Server::start([Act::Send(redirect)]).await;
    assert_eq!(post(&server.transport(PATIENT)).await.unwrap().status, 307);
    assert_eq!(other.connections.load(Ordering::Relaxed), 0);
}

#[test]
fn a_setup_error_says_what_to_do() {
    let error = reqwest::Client::builder().user_agent("two\nlines").build().unwrap_err();
    let message = SetupError::from(error).to_string();
    assert!(
        message.starts_with("the HTTP client cannot be set up: ") && message.contains("ca-certificates"),
        "{message}"
    );
}
