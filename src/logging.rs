//! Where the log goes and how it looks: standard error, one line an event.

use std::io::stderr;

use clap::ValueEnum;
use tracing::Level;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The crates of this workspace that log.
const OWN_CRATES: [&str; 4] = [
    env!("CARGO_CRATE_NAME"),
    "exporter_web",
    "geelark_client",
    "geelark_simulator",
];

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// `key=value` pairs, as Prometheus' own programs log.
    Logfmt,
    /// One JSON object a line.
    Json,
}

/// Sends the log to standard error from here on. Only the first call of a process has an effect.
///
/// `level` is for this program; the libraries below it speak from `warn` on, so that `trace` shows the exporter's own
/// steps and not every frame of a connection.
pub fn init(level: Level, format: Format) {
    let libraries = LevelFilter::WARN.min(LevelFilter::from_level(level));
    let filter = Targets::new()
        .with_default(libraries)
        .with_targets(OWN_CRATES.map(|name| (name, level)));
    let layer = match format {
        Format::Logfmt => tracing_logfmt::builder()
            .with_span_name(false)
            .with_span_path(false)
            .layer()
            .with_writer(stderr)
            .boxed(),
        Format::Json => tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_writer(stderr)
            .boxed(),
    };
    // A second call finds a log that is already set up, which is all it wants.
    let _ = tracing_subscriber::registry()
        .with(layer.with_filter(filter))
        .try_init();
}
