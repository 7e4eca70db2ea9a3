//! What every test needs: an exporter process, a simulated GeeLark, and a reader of metrics that shares no code with them.

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
pub(crate) use upstream::{Calls, Upstream};

use std::future::Future;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Long enough for a machine that is busy with other tests; a test that succeeds never waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// For an account: a round a second, and a budget that is never in the way.
pub(crate) const FAST: &str = "    poll: {interval: 1s}\n    budget: {requests_per_minute: 6000}";

/// The time as timestamps of metrics have it.
pub(crate) fn unix_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// How long `eventually` waits between two questions.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks again and again until there is an answer; panics with `what` when patience ends. It is counted in questions, so
/// that a machine that stands still for a while, as virtual ones do, does not use it up.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, ask: impl FnMut() -> F) -> T {
    eventually_within(PATIENCE, what, ask).await
}

/// The same, for what takes longer by design.
pub(crate) async fn eventually_within<T, F: Future<Output = Option<T>>>(
    patience: Duration,
    what: &str,
    mut ask: impl FnMut() -> F,
) -> T {
    for _ in 0..patience.as_millis() / PAUSE.as_millis() {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("waited {patience:?} in vain for {what}")
}

/// A client that talks to loopback only, follows nothing, and shows bodies as they come over the wire.
pub(crate) fn http() -> reqwest::Client {
    geelark_client::install_crypto();
    reqwest::Client::builder()
        .no_proxy()
        .no_gzip()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .build()
        .unwrap()
}
