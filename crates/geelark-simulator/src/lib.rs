//! A simulator of GeeLark: its API as the documentation describes it, a fleet of phones that live, and faults on demand.
//!
//! The simulator shares no code with the API client. So it holds a client to GeeLark's documentation, not to this
//! project's reading of it.
//!
//! | module | what it does |
//! |---|---|
//! | `connection` | accepts connections; a fault can close or reset one |
//! | `api` | answers GeeLark's endpoints: logs, authenticates, limits, applies faults |
//! | `control` | answers `/_simulator/`, where tests change phones, faults and the lock, and read the call log |
//! | `webhook` | tells a receiver what happened to a phone |
//! | `state` | what `api`, `control` and `webhook` share, behind one lock |
//! | `fleet` | the phones and their lifecycle |
//! | `faults` | what goes wrong on demand |
//! | `auth`, `limits`, `calls` | credentials and trace ids; limits and the lock; the log of calls |
//! | `options` | the flags |
//!
//! Always true:
//! - the fleet depends on the options and on the time since the start alone;
//! - every call is in the log, refused or not;
//! - no lock is held across an `await`.

mod api;
mod auth;
mod calls;
mod connection;
mod control;
mod endpoint;
mod envelope;
mod faults;
mod fleet;
mod limits;
mod options;
mod state;
mod webhook;

#[cfg(test)]
mod tests;

use axum::Router;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use api::PLANTED_SECRETS;
pub use faults::Fault;
pub use options::{Options, WebhookAuth};
pub use state::Simulator;
pub use webhook::PLANTED_PERSON;

impl Simulator {
    /// The ids a user would configure, in order, including deleted phones and ids that never existed.
    pub fn ids(&self) -> Vec<String> {
        self.lock().fleet.phones().map(|phone| phone.id.clone()).collect()
    }

    /// Serves `listener` until `stop` is cancelled, then drops the open connections.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let serving = connection::serve(self.router(), listener);
        let serving = async { tokio::join!(serving, webhook::send_events(&self)) };
        stop.run_until_cancelled(serving).await;
    }

    fn router(&self) -> Router {
        api::router().merge(control::router()).with_state(self.clone())
    }

    /// A configuration of the exporter, in YAML, that watches this simulator at `base_url` as the account `name`.
    pub fn example_config(&self, name: &str, base_url: &str, interval: &str) -> String {
        let ids: Vec<String> = self
            .ids()
            .iter()
            .map(|id| format!("        - {}\n", json!(id)))
            .collect();
        let options = &self.lock().options;
        // A JSON string is a YAML string too, whatever it holds.
        format!(
            "accounts:\n  - name: {name}\n    base_url: {}\n    token: {}\n    poll: {{interval: {interval}}}\n    \
             budget: {{requests_per_minute: {}}}\n    phones:\n      ids:\n{}",
            json!(base_url),
            json!(options.token),
            options.requests_per_minute,
            ids.concat(),
        )
    }
}
