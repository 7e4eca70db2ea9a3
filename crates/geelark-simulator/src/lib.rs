//! A simulator of GeeLark: its API as the documentation describes it, a fleet of phones that live, and faults on demand.
//!
//! The simulator shares no code with the API client. So it holds a client to GeeLark's documentation, not to this
//! project's reading of it.
//!
//! | module | what it does |
//! |---|---|
//! | `connection` | accepts connections, which a fault can close or reset |
//! | `api` | answers GeeLark's endpoints: authenticates, limits, applies faults, logs |
//! | `control` | answers `/_simulator/`, where tests change phones, faults and the lock, and read the call log |
//! | `state` | what `api`, `control` and the webhooks share, behind one lock |
//! | `fleet` | the phones and their lifecycle |
//! | `faults` | what goes wrong on demand |
//! | `auth`, `limits`, `calls` | credentials and trace ids; limits and the lock; the log of calls |
//! | `webhook` | the requests that tell a receiver what happened to a phone |
//! | `options` | the flags |
//!
//! Always true:
//! - time comes from the clock alone, so the fleet is a function of the options and of the time since the start;
//! - every call is in the log, refused or not;
//! - no lock is held across an `await`.

mod api;
mod auth;
mod calls;
mod clock;
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
mod window;

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use api::PLANTED_SECRETS;
pub use faults::{BadFault, Fault};
pub use options::{Options, WebhookAuth};
pub use webhook::PLANTED_PERSON;

use clock::Clock;
use state::ServerState;

/// The simulator. Clones share one fleet, one set of limits and one set of faults.
#[derive(Clone)]
pub struct Simulator(Arc<ServerState>);

impl Simulator {
    /// Creates the fleet, whose time begins now.
    pub fn new(options: Options) -> Self {
        Self::with_clock(options, Clock::default())
    }

    fn with_clock(options: Options, clock: Clock) -> Self {
        Self(Arc::new(ServerState::new(options, clock)))
    }

    /// The ids a user would configure, in order, including deleted phones and ids that never existed.
    pub fn ids(&self) -> Vec<String> {
        self.0.lock().fleet.phones().map(|phone| phone.id.clone()).collect()
    }

    /// Serves `listener` until `stop` is cancelled, then drops the open connections.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        tokio::select! {
            () = connection::serve(self.router(), listener, stop) => {}
            () = self.0.send_webhooks() => {}
        }
    }

    fn router(&self) -> Router {
        api::router().merge(control::router()).with_state(self.0.clone())
    }

    /// A configuration of the exporter, in YAML, that watches this simulator at `base_url`.
    pub fn example_config(&self, base_url: &str) -> String {
        let options = &self.0.options;
        // A JSON string is a YAML string too, whatever it holds.
        let mut yaml = format!(
            "accounts:\n  - name: main\n    base_url: {}\n    token: {}\n    poll: {{interval: 15s}}\n    \
             budget: {{requests_per_minute: {}}}\n    phones:\n      ids:\n",
            json!(base_url),
            json!(options.token),
            options.requests_per_minute,
        );
        for id in self.ids() {
            let _ = writeln!(yaml, "        - {}", json!(id));
        }
        yaml
    }
}
