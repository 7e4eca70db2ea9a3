//! Shared parts of the tests: the exporter's process, a simulator, and a parser of metrics that shares no code with them.

mod exporter;
mod launch;
mod listener;
mod samples;
mod secrets;
mod servers;
mod upstream;

pub(crate) use exporter::{Exporter, Output};
pub(crate) use launch::Launch;
pub(crate) use listener::Listener;
pub(crate) use samples::Samples;
pub(crate) use secrets::assert_no_secret;
pub(crate) use servers::{Alertmanager, Prometheus, missing, tool};
pub(crate) use upstream::Upstream;

use std::future::Future;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time limit of a wait. It is long enough for a busy machine, and a test that succeeds does not wait so long.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// Settings of an account with a round each second and a large budget.
pub(crate) const FAST: &str = "    poll: {interval: 1s}\n    budget: {requests_per_minute: 6000}";

/// The time in seconds since the Unix epoch, as in metrics.
pub(crate) fn unix_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// The pause between two attempts of [`eventually`]. Processes run in real time, so this pause is real time too.
const PAUSE: Duration = Duration::from_millis(20);

/// Repeats `attempt` until it returns a value, and panics with `what` after [`TIMEOUT`]. The limit is a number of attempts, so a
/// virtual machine that is suspended for a while does not use it up.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, attempt: impl FnMut() -> F) -> T {
    eventually_within(TIMEOUT, what, attempt).await
}

/// Like [`eventually`], with another time limit.
pub(crate) async fn eventually_within<T, F: Future<Output = Option<T>>>(
    timeout: Duration,
    what: &str,
    mut attempt: impl FnMut() -> F,
) -> T {
    for _ in 0..timeout.as_millis() / PAUSE.as_millis() {
        if let Some(value) = attempt().await {
            return value;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("waited {timeout:?} for {what}")
}

/// A client without proxies, redirects and decompression.
pub(crate) fn http() -> reqwest::Client {
    geelark_client::install_crypto();
    reqwest::Client::builder()
        .no_proxy()
        .no_gzip()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .build()
        .unwrap()
}
