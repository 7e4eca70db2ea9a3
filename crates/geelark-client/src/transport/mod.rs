//! The way to GeeLark and back: bytes and headers, no meaning.

mod fault;
#[cfg(test)]
mod tests;

use std::sync::Once;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{ClientBuilder, redirect, retry};
use url::Url;

use super::call::Failure;
use fault::CallPhase;
pub use fault::SetupError;

/// Names the exporter, whose only client this is, in GeeLark's logs.
const USER_AGENT: &str = concat!("geelark_exporter/", env!("CARGO_PKG_VERSION"));

/// Long enough for a lost packet or two on the way, short enough to leave time for the call itself.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// An HTTP/2 connection that has silently died would fail every call until the operating system gives it up. So while
/// calls wait on it, it is asked for a sign of life this often, and closed if none comes.
const PING_INTERVAL: Duration = Duration::from_secs(5);

/// More than this a `Retry-After` cannot ask for, so that it can be added to any time without overflow.
const RETRY_AFTER_LIMIT: Duration = Duration::from_hours(24);

/// Carries one request to GeeLark and the answer back. A trait, so that a whole scheduler can be tested without a network.
pub trait Transport: Send + Sync + 'static {
    /// Sends `body` to `path` and reads an answer of at most `limit` bytes, decompressed.
    ///
    /// Sends it at most once: an attempt is a call that the budget has paid for.
    fn post(
        &self,
        path: &'static str,
        headers: HeaderMap,
        body: Bytes,
        limit: usize,
    ) -> impl Future<Output = Result<Reply, Failure>> + Send;
}

/// A complete answer, whatever it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// What a `Retry-After` header asked for, counted from now.
    pub retry_after: Option<Duration>,
    /// The body, decompressed.
    pub body: Bytes,
}

/// The network. Connections are kept and used again.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    http: reqwest::Client,
    base_url: Url,
    timeout: Duration,
}

impl HttpTransport {
    /// Calls `base_url`, and gives a call up after `timeout`.
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
            // A signed request goes to the configured address or nowhere.
            .redirect(redirect::Policy::none())
            // reqwest would by itself repeat what a server turned away; the budget has not paid for that.
            .retry(retry::never())
            .build()?;
        Ok(Self {
            http,
            base_url: base_url.clone(),
            timeout,
        })
    }

    /// The base URL may have a path of its own, which the API's paths follow.
    fn url(&self, path: &str) -> Url {
        let mut url = self.base_url.clone();
        url.set_path(&format!("{}{path}", self.base_url.path().trim_end_matches('/')));
        url
    }

    fn failure(&self, phase: CallPhase, error: &reqwest::Error) -> Failure {
        fault::failure(phase, error, self.timeout)
    }
}

impl Transport for HttpTransport {
    async fn post(
        &self,
        path: &'static str,
        mut headers: HeaderMap,
        body: Bytes,
        limit: usize,
    ) -> Result<Reply, Failure> {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let mut response = self
            .http
            .post(self.url(path))
            .headers(headers)
            .body(body)
            .send()
            .await
            .map_err(|error| self.failure(CallPhase::Request, &error))?;
        let announced = response.content_length().unwrap_or(0);
        if announced > limit as u64 {
            return Err(fault::oversized(limit));
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.failure(CallPhase::Body, &error))?
        {
            if body.len() + chunk.len() > limit {
                return Err(fault::oversized(limit));
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

/// rustls asks the process for its cryptography. Another part of it may have installed some already; that one stays.
pub fn install_crypto() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// `Retry-After`: seconds, or a date. A date is measured from the server's own `Date` if it has one, because our clock
/// may be wrong, and one in the past asks for nothing.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let header = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let date = |name| httpdate::parse_http_date(header(name)?).ok();
    let value = header(&RETRY_AFTER)?;
    let asked = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        value.parse().map_or(RETRY_AFTER_LIMIT, Duration::from_secs)
    } else {
        date(&RETRY_AFTER)?
            .duration_since(date(&DATE).unwrap_or(now))
            .unwrap_or_default()
    };
    Some(asked.min(RETRY_AFTER_LIMIT))
}
