//! TLS, HTTP/2, and what they log.

use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;
use tracing_subscriber::fmt::MakeWriter;

use super::*;

/// A TLS server of HTTP/2 and 1.1 with a certificate that nobody vouches for; returns its address and certificate.
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
async fn a_certificate_nobody_vouches_for_is_a_tls_failure() {
    let (address, _) = tls_server().await;
    let message = fails(&transport(&format!("https://{address}"), PATIENT), Reason::Tls).await;
    assert!(
        message.starts_with("TLS failed: invalid peer certificate: "),
        "{message}"
    );
}

#[tokio::test]
async fn no_tls_where_it_is_expected_is_a_tls_failure() {
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
async fn http_2_is_spoken_where_it_is_offered() {
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
async fn not_even_a_trace_log_shows_a_token() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    // The runtime of this test has one thread: everything below is logged here.
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = Server::start([Act::Send(answer("200 OK", b"{}"))]).await;
    post(&server.transport(PATIENT)).await.unwrap();
    let (address, certificate) = tls_server().await;
    post(&trusting(address, &certificate)).await.unwrap();
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("h2::") && log.contains("hyper_util::client"),
        "too little is logged to tell"
    );
    assert!(!log.contains("tok-1"), "{log}");
}
