//! Requests and replies over HTTP.

mod error;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{ClientBuilder, redirect, retry};
use url::Url;

use super::call::{Endpoint, Failure};
pub use error::SetupError;

/// GeeLark's logs show this. No other program uses this client.
const USER_AGENT: &str = concat!("geelark_exporter/", env!("CARGO_PKG_VERSION"));

/// Long enough for a lost packet or two, short enough to leave time for the call itself.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A dead HTTP/2 connection would fail every call until the operating system gives it up. So while calls wait on a
/// connection, it is pinged this often, and closed if there is no reply.
const PING_INTERVAL: Duration = Duration::from_secs(5);

/// The longest `Retry-After`, so that it can be added to any time without overflow.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// Sends a request to GeeLark. It is a trait so that tests need no network.
pub trait Transport: Send + Sync + 'static {
    /// Sends `body` to `endpoint` and reads the reply, up to [`Endpoint::max_response`].
    ///
    /// It sends the request at most once, because the budget has paid for one call.
    fn post(
        &self,
        endpoint: Endpoint,
        headers: HeaderMap,
        body: Bytes,
    ) -> impl Future<Output = Result<Reply, Failure>> + Send;
}

/// A complete reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The wait that a `Retry-After` header asked for, from now.
    pub retry_after: Option<Duration>,
    /// The body, decompressed.
    pub body: Bytes,
}

/// The network. Connections are reused.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    http: reqwest::Client,
    base_url: String,
    timeout: Duration,
}

impl HttpTransport {
    /// A transport to `base_url`, where each call takes at most `timeout`.
    pub fn new(base_url: &Url, timeout: Duration) -> Result<Self, SetupError> {
        Self::build(base_url, timeout, reqwest::Client::builder())
    }

    fn build(base_url: &Url, timeout: Duration, builder: ClientBuilder) -> Result<Self, SetupError> {
        install_crypto();
        let http = builder
            .user_agent(USER_AGENT)
            .timeout(timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(timeout))
            .http2_keep_alive_interval(PING_INTERVAL)
            .http2_keep_alive_timeout(PING_INTERVAL)
            // A signed request must reach only the configured address.
            .redirect(redirect::Policy::none())
            // reqwest would repeat requests that a server refused, and the budget has not paid for that.
            .retry(retry::never())
            .build()?;
        // The base URL may have a path of its own.
        let base_url = base_url.as_str().trim_end_matches('/').to_owned();
        Ok(Self {
            http,
            base_url,
            timeout,
        })
    }
}

impl Transport for HttpTransport {
    async fn post(&self, endpoint: Endpoint, mut headers: HeaderMap, body: Bytes) -> Result<Reply, Failure> {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let failure = |error| error::failure(&error, self.timeout);
        let url = format!("{}{}", self.base_url, endpoint.path());
        let request = self.http.post(url).headers(headers).body(body);
        let mut response = request.send().await.map_err(failure)?;
        let max = endpoint.max_response();
        if response.content_length().is_some_and(|length| length > max as u64) {
            return Err(error::oversized(max));
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(failure)? {
            if body.len() + chunk.len() > max {
                return Err(error::oversized(max));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply {
            status: response.status().as_u16(),
            retry_after: retry_after(response.headers(), SystemTime::now()),
            body: body.freeze(),
        })
    }
}

/// Chooses the cryptography of rustls, unless another part of the process has done so.
pub fn install_crypto() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// `Retry-After`: seconds, or a date. The server's own `Date` is subtracted from a date if there is one, because our clock
/// may be wrong. A date in the past means 0.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let header = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let date = |name| httpdate::parse_http_date(header(name)?).ok();
    let value = header(&RETRY_AFTER)?;
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        value.parse().map_or(MAX_RETRY_AFTER, Duration::from_secs)
    } else {
        let until = date(&RETRY_AFTER)?;
        until.duration_since(date(&DATE).unwrap_or(now)).unwrap_or_default()
    };
    Some(wait.min(MAX_RETRY_AFTER))
}
