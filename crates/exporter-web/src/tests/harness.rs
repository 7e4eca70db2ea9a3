//! A served backend that knows little, and clients that say exactly what they send.

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

use crate::{Backend, ScrapeBody, Settings, bind, serve};

/// What a plain scrape and a "compressed" one say; the bytes pass through untouched, so they need not be gzip.
pub(super) const PLAIN: &str = "up 1\nphones 2\n";
pub(super) const GZIP: &str = "(compressed)";

/// A backend whose answers the test chooses.
pub(super) struct Fake {
    pub(super) chunks_taken: Arc<AtomicUsize>,
    pub(super) ready: AtomicBool,
    pub(super) reload: Mutex<Result<(), String>>,
    /// A reload takes a permit, if it is to wait for one.
    pub(super) hold: Option<Semaphore>,
    /// Sends so many bytes instead of [`PLAIN`].
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
    fn scrape(&self, gzip: bool) -> ScrapeBody {
        let pieces: Vec<Bytes> = match (self.size, gzip) {
            (Some(size), _) => vec![Bytes::from(vec![b'x'; 16 * 1024]); size / (16 * 1024)],
            (None, true) => vec![GZIP.into()],
            (None, false) => PLAIN.split_inclusive('\n').map(Bytes::from).collect(),
        };
        let taken = self.chunks_taken.clone();
        ScrapeBody {
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
        let address = listeners[0].address();
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

    /// Sends a request with `headers` (lines) on a connection of its own.
    pub(super) async fn ask(&self, method: &str, path: &str, headers: &[&str]) -> Answer {
        let mut stream = self.connect().await;
        exchange(&mut stream, method, path, headers).await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[]).await
    }
}

/// What came back.
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

/// One request, then the end of the connection.
pub(super) async fn exchange<S>(stream: &mut S, method: &str, path: &str, headers: &[&str]) -> Answer
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let headers: Vec<_> = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let headers = headers.concat();
    let request = format!("{method} {path} HTTP/1.1\r\nHost: exporter\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    // A server that closes while we still send resets the connection; what came before counts.
    let _ = stream.read_to_end(&mut text).await;
    answer(&String::from_utf8(text).unwrap())
}

pub(super) fn answer(text: &str) -> Answer {
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer but {text:?}"));
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
