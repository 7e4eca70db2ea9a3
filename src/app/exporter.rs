//! The exporter as a daemon: prepares everything that can fail, then serves until it is told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::signal::unix::SignalKind;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::carry_over::Context;
use super::error::Error;
use super::metrics::BuildMetrics;
use super::signals;
use super::state_saver::StateSaver;
use super::supervisor::{Supervisor, prepare};
use crate::cli::Flags;
use crate::config::{self, Config, Sources};
use crate::exposition::Encoding;
use crate::webhook;
use axum::Router;
use exporter_web::{About, Backend, Guard, ScrapeBody};
use geelark_client::clock::Clock;

/// How often the files that the configuration names are checked for changes. A `stat` each costs nothing.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// Version, revision and compiler, as `--version` and `geelark_exporter_build_info` show them.
const BUILD: [&str; 3] = [
    env!("CARGO_PKG_VERSION"),
    env!("GEELARK_REVISION"),
    env!("GEELARK_RUSTC"),
];

/// Runs the exporter until `stop` is cancelled. Everything that can fail at the start is done before `announce` gets the
/// URLs of the metrics and the first task starts.
pub(super) async fn run(
    sources: Sources,
    flags: Flags,
    stop: CancellationToken,
    announce: impl FnOnce(Vec<String>),
) -> Result<(), Error> {
    let config = config::load(&sources)?;
    let settings = flags.web.settings()?;
    let transports = prepare(&config, &Config::default())?;
    let listeners = flags.web.listeners().await;
    let listeners = listeners.map_err(|problems| Error::Run(problems.to_string()))?;
    let urls = listeners
        .iter()
        .map(|listener| url(listener.address, flags.web.telemetry_path.as_str()));
    let urls = urls.collect();
    let mut hangup = signals::listen(SignalKind::hangup())?;
    let context = Arc::new(Context::new(Clock::system())?);
    // Last, because it takes the folder.
    let (mut state_saver, restored) = StateSaver::open(config.state.as_deref(), context.clone())?;
    let build = BuildMetrics::new(&context.registry, &BUILD);
    build.info.set(true);
    let [version, revision, _] = BUILD;
    let phones: usize = config.accounts.iter().map(|account| account.phones.len()).sum();
    info!(version, revision, accounts = config.accounts.len(), phones, "starting");
    announce(urls);

    let supervisor = Supervisor::start(sources, context, config, transports, restored).await;
    let supervisor = Arc::new(supervisor);
    // A folder that cannot be written is known from the start.
    state_saver.save().await;
    let stop_saving = CancellationToken::new();
    let saving = tokio::spawn(state_saver.run(stop_saving.clone()));
    let serving = exporter_web::serve(listeners, settings, supervisor.clone(), stop);
    tokio::pin!(serving);
    let mut follow = interval(FOLLOW_EVERY);
    follow.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let outcome = loop {
        tokio::select! {
            () = &mut serving => break Ok(()),
            () = supervisor.context.broken.cancelled() => {
                break Err(Error::Run("internal error: an account is no longer watched, see the log; the process ends so that a restart can mend it".into()));
            }
            Some(()) = hangup.recv() => {
                // The reload logs and shows its result itself.
                let _ = supervisor.reload().await;
            }
            _ = follow.tick() => supervisor.follow_files().await,
        }
    };
    stop_saving.cancel();
    let saver = saving.await;
    supervisor.stop().await;
    // The saver is missing only after a panic, which is in the log.
    if let Ok(mut saver) = saver {
        saver.save().await;
    }
    info!("ended");
    outcome
}

/// Where the metrics are served.
fn url(address: SocketAddr, path: &str) -> String {
    if address.ip().is_unspecified() {
        format!("http://localhost:{}{path}", address.port())
    } else {
        format!("http://{address}{path}")
    }
}

/// What the web shows and does.
impl Backend for Supervisor {
    const ABOUT: About = About {
        program: "geelark_exporter",
        version: env!("CARGO_PKG_VERSION"),
        title: "GeeLark exporter",
        description: "Watches a fleet of GeeLark cloud phones for Prometheus.",
        ready_when: "every account has finished a first round",
    };

    fn scrape(&self, gzip: bool) -> ScrapeBody {
        let encoding = if gzip { Encoding::Gzip } else { Encoding::Plain };
        let scrape = self.context.store.scrape(encoding);
        ScrapeBody {
            gzip,
            length: scrape.len(),
            chunks: Box::new(scrape),
        }
    }

    fn ready(&self) -> Result<(), String> {
        let accounts = self.context.accounts.load();
        let unready = accounts
            .iter()
            .filter(|account| !account.first_round.load(Ordering::Acquire));
        match unready.map(|account| &*account.name).collect::<Vec<_>>() {
            unready if unready.is_empty() => Ok(()),
            unready => Err(format!("waiting for the first round of: {}", unready.join(", "))),
        }
    }

    async fn reload(&self) -> Result<(), String> {
        Self::reload(self).await
    }

    fn routes(self: &Arc<Self>, guard: Guard) -> Router {
        let context = self.context.clone();
        let find = move |name: &str| {
            let accounts = context.accounts.load();
            let account = accounts.iter().find(|account| &*account.name == name)?;
            account.webhook.clone()
        };
        webhook::routes(find, guard)
    }
}
