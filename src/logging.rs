//! Where the log goes and how it looks: standard error, one line an event.

use std::fmt::Display;
use std::io::stderr;
use std::time::Duration;

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

/// A line of the log names this many ids.
const NAMED_IDS: usize = 5;

/// A line of the log has this much of an id, since an id in an answer may be a megabyte long.
const ID_CHARS: usize = 64;

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
/// `level` applies to this program. Libraries log warnings and errors only, so that `trace` shows the exporter's own steps
/// and not every frame of a connection.
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
    // This fails only when the log is set up already.
    let _ = tracing_subscriber::registry()
        .with(layer.with_filter(filter))
        .try_init();
}

/// A duration without fractions of a second.
pub(crate) fn whole_seconds(duration: Duration) -> String {
    humantime::format_duration(Duration::from_secs(duration.as_secs())).to_string()
}

/// The first few ids, quoted and cut, so that a line of the log stays short.
pub(crate) fn named(ids: impl IntoIterator<Item: Display>) -> String {
    let quoted = |id: &str| match id.char_indices().nth(ID_CHARS) {
        Some((end, _)) => format!("{:?}…", &id[..end]),
        None => format!("{id:?}"),
    };
    let mut ids = ids.into_iter();
    let first: Vec<String> = ids.by_ref().take(NAMED_IDS).map(|id| quoted(&id.to_string())).collect();
    let more = if ids.next().is_some() { " …" } else { "" };
    format!("[{}]{more}", first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_ids_are_named_and_long_ones_are_cut() {
        assert_eq!(named([""; 0]), "[]");
        assert_eq!(named(["1", "a\n\"b"]), r#"["1", "a\n\"b"]"#);
        assert_eq!(named(["1", "2", "3", "4", "5", "6"]), r#"["1", "2", "3", "4", "5"] …"#);
        let long = "手".repeat(1_000_000);
        assert_eq!(named([&long]), format!("[\"{}\"…]", &long[..ID_CHARS * 3]));
    }
}
