//! One connection from its handshake to its end.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Version};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::activity;
use super::limiter::ConnectionPermit;
use super::watched::ActivityIo;
use crate::rules::Rules;

/// What a connection may hold of a request's head, and of a response that is not taken yet. Scrape pieces are smaller.
const BUFFER: usize = 64 * 1024;
/// Requests at once on one HTTP/2 connection. Prometheus sends one, a browser with the page open a handful.
const STREAMS: u32 = 8;
/// What an HTTP/2 stream buffers of a response that the client does not read. A client that reads nothing costs at most
/// this, and one chunk, for each of its streams.
const STREAM_BUFFER: usize = 16 * 1024;
/// An HTTP/2 request's headers; ours need a few hundred bytes.
const HEADER_LIST: u32 = 16 * 1024;

/// What a browser or a scrape config that forgot `https` reads.
const SPEAKS_TLS: &[u8] =
    b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n\
    This port speaks HTTPS: write https:// in the address, or scheme: https in the scrape configuration.\n";

/// Serves `stream` until it ends, its place is taken, or `stop` lets it finish.
pub(super) async fn run(
    stream: TcpStream,
    place: ConnectionPermit,
    rules: Arc<Rules>,
    router: Router,
    stop: CancellationToken,
) {
    let serving = async {
        let http2 = rules.http2;
        let Some(tls) = &rules.tls else {
            return http(stream, &place, http2, router, &stop).await;
        };
        let handshake = TlsAcceptor::from(tls.clone()).accept(stream).into_fallible();
        match handshake.await {
            Ok(stream) => http(stream, &place, http2, router, &stop).await,
            Err((error, mut stream)) => {
                if is_plain_http(&error) {
                    let _ = stream.write_all(SPEAKS_TLS).await;
                    let _ = stream.shutdown().await;
                }
            }
        }
    };
    tokio::select! {
        () = serving => {}
        () = place.activity.close.cancelled() => {}
    }
}

fn is_plain_http(error: &std::io::Error) -> bool {
    error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        .is_some_and(|error| {
            matches!(
                error,
                rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)
            )
        })
}

async fn http<S>(stream: S, place: &ConnectionPermit, http2: bool, router: Router, stop: &CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = place.activity.clone();
    let service = TowerToHyperService::new(router);
    let service = service_fn(|request: Request<Incoming>| {
        let under_way = activity.request(request.version() == Version::HTTP_2);
        let response = service.call(request);
        async move {
            let response = response.await?;
            Ok::<_, Infallible>(response.map(|body| Tracked {
                body,
                _under_way: under_way,
            }))
        }
    });

    let mut builder = auto::Builder::new(TokioExecutor::new());
    if !http2 {
        builder = builder.http1_only();
    }
    // Heads that never come are the limiter's affair: hyper's own timeout would count the time between requests too.
    builder.http1().header_read_timeout(None).max_buf_size(BUFFER);
    builder
        .http2()
        .max_concurrent_streams(STREAMS)
        .max_send_buf_size(STREAM_BUFFER)
        .max_header_list_size(HEADER_LIST);

    let stream = TokioIo::new(ActivityIo {
        stream,
        activity: place.activity.clone(),
    });
    let mut connection = pin!(builder.serve_connection(stream, service));
    // A connection's errors are its client's: it went away, or it does not speak HTTP.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// A response's body; when it is gone, so is the request.
struct Tracked {
    body: Body,
    _under_way: activity::Request,
}

impl http_body::Body for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
