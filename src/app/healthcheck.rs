//! `healthcheck`: one request, for containers that have no curl.

use std::time::Duration;

use reqwest::StatusCode;
use url::Url;

use super::Error;

/// Docker gives a health check 30 s by default; this leaves room and still ends by itself.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Succeeds if `url` answers 2xx, or 401: users are configured, the check is none of them, and the exporter is alive.
pub(super) async fn run(url: &Url, insecure: bool) -> Result<(), Error> {
    crate::geelark::install_crypto();
    let failed = |error: reqwest::Error| Error::Run(format!("unhealthy: {url} did not answer: {error}"));
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
