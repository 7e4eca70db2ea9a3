//! TLS and HTTP/2.

use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;
use tracing_subscriber::fmt::MakeWriter;

use super::*;

/// A TLS server of HTTP/2 and 1.1 with an untrusted certificate. Returns its address and certificate.
async fn tls_server() -> (SocketAddr, CertificateDer<'static>) {
    install_crypto();
    let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let certificate = certified.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else {
                continue;
            };
            let service = hyper::service::service_fn(|request: http::Request<hyper::body::Incoming>| async move {
                let seen = format!(
                    "{:?} {:?}",
                    request.version(),
                    request.headers().get(AUTHORIZATION).is_some()
                );
                Ok::<_, std::convert::Infallible>(http::Response::new(seen))
            });
            let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            tokio::spawn(async move {
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    (address, certificate)
}

fn trusting(address: SocketAddr, certificate: &CertificateDer<'_>) -> HttpTransport {
    let certificate = reqwest::Certificate::from_der(certificate).unwrap();
    let builder = reqwest::Client::builder().tls_certs_only([certificate]);
    build(&format!("https://{address}"), PATIENT, builder).unwrap()
}

#[tokio::test]
async fn an_untrusted_certificate_is_a_tls_failure() {
    let (address, _) = tls_server().await;
    let message = fails(&transport(&format!("https://{address}"), PATIENT), Reason::Tls).await;
    assert!(
        message.starts_with("TLS failed: invalid peer certificate: "),
        "{message}"
    );
}

#[tokio::test]
async fn a_server_without_tls_is_a_tls_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            let _ = stream.read(&mut [0; 1024]).await;
        }
    });
    fails(&transport(&format!("https://{address}"), PATIENT), Reason::Tls).await;
}

#[tokio::test]
async fn http_2_is_used_if_the_server_offers_it() {
    let (address, certificate) = tls_server().await;
    let reply = post(&trusting(address, &certificate)).await.unwrap();
    assert_eq!(reply.body, "HTTP/2.0 true");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_trace_log_contains_a_token() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    // The runtime of this test has one thread: everything below is logged here.
    let _guard = tracing::subscriber::set_default(subscriber);
    let said = || String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let is_enough = |log: &str| log.contains("h2::") && log.contains("hyper_util::client");
    for _ in 0..10 {
        // Other tests have subscribers too. When one ends, log statements may be disabled for a moment.
        tracing::callsite::rebuild_interest_cache();
        let server = Server::start([Act::Send(answer("200 OK", b"{}"))]).await;
        post(&server.transport(PATIENT)).await.unwrap();
        let (address, certificate) = tls_server().await;
        post(&trusting(address, &certificate)).await.unwrap();
        if is_enough(&said()) {
            break;
        }
    }
    let log = said();
    assert!(is_enough(&log), "too little is logged to tell");
    assert!(!log.contains("tok-1"), "{log}");
}

/// Refuses every request with `REFUSED_STREAM`, which tells a client that it may repeat the request. Counts the requests.
async fn refuse_all(mut stream: TcpStream, asked: Arc<AtomicUsize>) -> std::io::Result<()> {
    const PREFACE: usize = 24;
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const HEADERS: u8 = 1;
    const RESET: [u8; 5] = [0, 0, 4, 3, 0];
    const REFUSED_STREAM: [u8; 4] = [0, 0, 0, 7];

    stream.read_exact(&mut [0; PREFACE]).await?;
    stream.write_all(&SETTINGS).await?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let [a, b, c, kind, _, id @ ..] = head;
        let length = u32::from_be_bytes([0, a, b, c]);
        stream.read_exact(&mut vec![0; length as usize]).await?;
        if kind == HEADERS {
            asked.fetch_add(1, Ordering::Relaxed);
            stream.write_all(&[&RESET[..], &id, &REFUSED_STREAM].concat()).await?;
        }
    }
}

#[tokio::test]
async fn a_request_that_http_2_refuses_is_not_repeated() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(refuse_all(stream, Arc::clone(&counter)));
        }
    });
    let builder = reqwest::Client::builder().http2_prior_knowledge();
    let transport = build(&format!("http://{address}"), PATIENT, builder).unwrap();
    fails(&transport, Reason::Connect).await;
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}
