//! A server with a fake backend, and clients that control each byte.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{About, Backend, ScrapeBody, Settings, bind, serve};

/// The bodies of a plain and of a "compressed" scrape. The server does not change bodies, so the second need not be gzip.
pub(super) const PLAIN: &str = "up 1\nphones 2\n";
pub(super) const GZIP: &str = "(compressed)";

/// A backend with answers that a test sets.
pub(super) struct Fake {
    pub(super) chunks_taken: Arc<AtomicUsize>,
    pub(super) ready: AtomicBool,
    pub(super) reload: Mutex<Result<(), String>>,
    /// If set, a reload waits for a permit.
    pub(super) hold: Option<Semaphore>,
    /// If set, a scrape has this number of bytes instead of [`PLAIN`].
    pub(super) size: Option<usize>,
}

impl Default for Fake {
    fn default() -> Self {
        Self {
            chunks_taken: Arc::default(),
            ready: AtomicBool::new(true),
            reload: Mutex::new(Ok(())),
            hold: None,
            size: None,
        }
    }
}

impl Backend for Fake {
    const ABOUT: About = About {
        program: "exporter",
        version: env!("CARGO_PKG_VERSION"),
        title: "Exporter",
        description: "Exports metrics.",
        ready_when: "everything was polled",
    };

    fn scrape(&self, gzip: bool) -> ScrapeBody {
        let pieces: Vec<Bytes> = match (self.size, gzip) {
            (Some(size), _) => vec![Bytes::from(vec![b'x'; 16 * 1024]); size / (16 * 1024)],
            (None, true) => vec![GZIP.into()],
            (None, false) => PLAIN.split_inclusive('\n').map(Bytes::from).collect(),
        };
        let taken = self.chunks_taken.clone();
        ScrapeBody {
            gzip: gzip && self.size.is_none(),
            length: pieces.iter().map(|piece| piece.len() as u64).sum(),
            chunks: Box::new(pieces.into_iter().inspect(move |_| {
                taken.fetch_add(1, Ordering::Relaxed);
            })),
        }
    }

    fn ready(&self) -> Result<(), String> {
        if self.ready.load(Ordering::Relaxed) {
            Ok(())
        } else {
            Err("account main has not finished its first round".to_owned())
        }
    }

    async fn reload(&self) -> Result<(), String> {
        if let Some(hold) = &self.hold {
            hold.acquire().await.unwrap().forget();
        }
        self.reload.lock().unwrap().clone()
    }
}

/// A running server.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) backend: Arc<Fake>,
    pub(super) stop: CancellationToken,
    pub(super) task: JoinHandle<()>,
}

impl Server {
    pub(super) async fn start(settings: Settings) -> Self {
        Self::of(Fake::default(), settings).await
    }

    pub(super) async fn of(backend: Fake, settings: Settings) -> Self {
        let listeners = bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
        let address = listeners[0].address;
        let backend = Arc::new(backend);
        let stop = CancellationToken::new();
        let task = tokio::spawn(serve(listeners, settings, backend.clone(), stop.clone()));
        Self {
            address,
            backend,
            stop,
            task,
        }
    }

    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends a request with `headers` (lines) on a new connection.
    pub(super) async fn ask(&self, method: &str, path: &str, headers: &[&str]) -> Answer {
        let mut stream = self.connect().await;
        exchange(&mut stream, method, path, headers).await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[]).await
    }
}

/// A response.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: BTreeMap<String, String>,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("(none)", String::as_str)
    }
}

/// Sends one request, and reads until the server closes the connection.
pub(super) async fn exchange<S>(stream: &mut S, method: &str, path: &str, headers: &[&str]) -> Answer
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let headers: Vec<_> = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let headers = headers.concat();
    let request = format!("{method} {path} HTTP/1.1\r\nHost: exporter\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    // If the server closes while the client still sends, the connection is reset. What arrived before counts.
    let _ = stream.read_to_end(&mut text).await;
    answer(&String::from_utf8(text).unwrap())
}

pub(super) fn answer(text: &str) -> Answer {
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no response in {text:?}"));
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    Answer {
        status,
        headers,
        body: body.to_owned(),
    }
}
