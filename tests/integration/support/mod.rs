//! What every test needs: an exporter process, a simulated GeeLark, and a reader of metrics that shares no code with them.

mod exporter;
mod samples;
mod upstream;

pub(crate) use exporter::{Exporter, Output, run};
pub(crate) use samples::{Sample, Samples};
pub(crate) use upstream::{Call, Upstream};

use std::future::Future;
use std::time::Duration;

/// Long enough for a machine that is busy with other tests; a test that succeeds never waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again and again until there is an answer; panics with `what` when patience ends.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking)
        .await
        .unwrap_or_else(|_| panic!("waited {PATIENCE:?} in vain for {what}"))
}

/// A client that talks to loopback only and follows nothing.
pub(crate) fn http() -> reqwest::Client {
    geelark_exporter::geelark::install_crypto();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .build()
        .unwrap()
}
