//! `healthcheck`: one request, for containers that have no curl.

use std::error::Error as _;
use std::iter;
use std::time::Duration;

use reqwest::StatusCode;
use url::Url;

use crate::app::error::Error;

/// Docker gives a health check 30 s by default; this leaves room and still ends by itself.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Succeeds if `url` answers 2xx, or 401: users are configured, the check is none of them, and the exporter is alive.
pub(in crate::app) async fn run(url: &Url, insecure: bool) -> Result<(), Error> {
    geelark_client::install_crypto();
    let failed = |error: reqwest::Error| {
        // The outermost error only repeats the address; the innermost says what happened.
        let cause = iter::successors(error.source(), |&cause| cause.source()).last();
        let cause = cause.map_or_else(|| error.to_string(), ToString::to_string);
        Error::Run(format!("unhealthy: {url} did not answer: {cause}"))
    };
    let client = reqwest::Client::builder()
        .timeout(TIMEOUT)
        .no_proxy()
        .tls_danger_accept_invalid_certs(insecure)
        .build()
        .map_err(failed)?;
    let status = client.get(url.clone()).send().await.map_err(failed)?.status();
    if status.is_success() || status == StatusCode::UNAUTHORIZED {
        println!("healthy");
        return Ok(());
    }
    Err(Error::Run(format!("unhealthy: {url} answered {status}")))
}
