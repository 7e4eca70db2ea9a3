//! A stand-in for GeeLark: the API as its documentation tells it, over a fleet that lives, with faults on demand.
//!
//! It owns its fleet, its limits and its faults, and shares nothing with the client: whoever talks to it is held to
//! GeeLark's documentation, not to this project's reading of it.
//!
//! Always true:
//! - time comes from the [`Clock`] alone, so the fleet is a function of the options and of the time since the start;
//! - every call that arrives is in the log, refused or not;
//! - no two of the locks in `ServerState` are ever held at once, and none across an `await`.

mod api;
mod auth;
mod calls;
mod clock;
mod control;
mod faults;
mod fleet;
mod limits;
mod options;
mod state;
mod webhook;
mod wire;

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use api::PLANTED_SECRETS;
pub use clock::Clock;
pub use faults::{BadFault, Fault};
pub use options::{Options, Problem};
pub use webhook::{PLANTED_PERSON, WebhookAuth};

use state::ServerState;

/// The stand-in. A cheap handle: clones share one fleet, one set of limits and one set of faults.
#[derive(Clone, Debug)]
pub struct Simulator(Arc<ServerState>);

impl Simulator {
    /// Founds the fleet. Its time begins now.
    pub fn new(options: Options, clock: Clock) -> Result<Self, Problem> {
        options.check()?;
        Ok(Self(Arc::new(ServerState::new(options, clock))))
    }

    /// The ids a user would configure, in order: phones that vanished and ids that never existed included.
    pub fn ids(&self) -> Vec<String> {
        self.0.fleet().phones().map(|phone| phone.id.clone()).collect()
    }

    /// Answers on `listener` until `stop` is cancelled; connections that are open then are dropped.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let telling = tokio::spawn(webhook::tell(self.0.clone()));
        wire::serve(api::router(self.0), listener, stop).await;
        telling.abort();
    }

    /// A configuration of the exporter, in YAML, that watches this stand-in at `base_url`.
    pub fn example_config(&self, base_url: &str) -> String {
        let options = &self.0.options;
        let mut yaml = format!(
            "accounts:\n  - name: main\n    base_url: {}\n    token: {}\n    poll: {{interval: 15s}}\n    \
             budget: {{requests_per_minute: {}}}\n    phones:\n      ids:\n",
            quoted(base_url),
            quoted(&options.token),
            options.requests_per_minute,
        );
        for id in self.ids() {
            let _ = writeln!(yaml, "        - {}", quoted(&id));
        }
        yaml
    }
}

/// A string as YAML reads it whatever it holds: JSON's strings are YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
