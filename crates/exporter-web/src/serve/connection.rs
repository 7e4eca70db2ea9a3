//! One connection from its TLS handshake to its end.

use std::io;
use std::sync::Arc;

use axum::Router;
use http::{Request, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::Watcher;
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::either::Either;
use tokio_util::io::{InspectReader, InspectWriter};

use super::permit::ConnectionPermit;
use crate::rules::Rules;

/// What a connection may buffer of a request's head, and of a response that the client has not taken. Chunks of a scrape
/// are smaller.
const BUFFER: usize = 64 * 1024;
/// Requests at once on one HTTP/2 connection. Prometheus sends one, a browser with the page open a handful.
const STREAMS: u32 = 8;
/// What an HTTP/2 stream buffers of a response. A client that reads nothing costs at most this, and one chunk, for each
/// of its streams.
const STREAM_BUFFER: usize = 16 * 1024;
/// The headers of an HTTP/2 request. Usual ones have a few hundred bytes.
const HEADER_LIST: u32 = 16 * 1024;

/// The answer to a browser, or to a scrape configuration without `scheme: https`.
const SPEAKS_TLS: &[u8] =
    b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n\
    This port speaks HTTPS: write https:// in the address, or scheme: https in the scrape configuration.\n";

/// Serves a connection until it ends or the server stops.
pub(super) async fn serve(
    stream: TcpStream,
    permit: Arc<ConnectionPermit>,
    rules: Arc<Rules>,
    router: Router,
    graceful: Watcher,
) {
    let stream = match &rules.tls {
        None => Either::Left(stream),
        Some(tls) => match TlsAcceptor::from(tls.clone()).accept(stream).into_fallible().await {
            Ok(stream) => Either::Right(stream),
            Err((error, mut stream)) => {
                if is_plain_http(&error) {
                    let _ = stream.write_all(SPEAKS_TLS).await;
                    let _ = stream.shutdown().await;
                }
                return;
            }
        },
    };
    let (reading, writing) = (permit.clone(), permit.clone());
    let stream = InspectReader::new(stream, move |_: &[u8]| reading.read());
    let stream = InspectWriter::new(stream, move |_: &[u8]| writing.wrote());

    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request: Request<Incoming>| {
        let running = permit.request(request.version() == Version::HTTP_2);
        let response = router.call(request);
        async move {
            // The body owns `running`, so that the request ends when the body is sent or given up.
            let keep = move |error| {
                let _ = &running;
                error
            };
            response.await.map(|response| response.map(|body| body.map_err(keep)))
        }
    });

    let mut builder = auto::Builder::new(TokioExecutor::new());
    if rules.http1_only {
        builder = builder.http1_only();
    }
    // The limiter ends slow heads. hyper's own timeout would include the time between requests.
    builder.http1().header_read_timeout(None).max_buf_size(BUFFER);
    builder
        .http2()
        .max_concurrent_streams(STREAMS)
        .max_send_buf_size(STREAM_BUFFER)
        .max_header_list_size(HEADER_LIST);
    // Errors are the client's: it went away, or it does not speak HTTP.
    let _ = graceful
        .watch(builder.serve_connection(TokioIo::new(stream), service))
        .await;
}

fn is_plain_http(error: &io::Error) -> bool {
    use rustls::{Error, InvalidMessage::InvalidContentType};
    let error = error.get_ref().and_then(|inner| inner.downcast_ref());
    matches!(error, Some(Error::InvalidMessage(InvalidContentType)))
}
