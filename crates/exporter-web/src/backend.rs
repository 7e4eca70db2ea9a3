//! What an exporter implements.

use std::future::Future;
use std::sync::Arc;

use axum::Router;

use super::body::ScrapeBody;
use super::guard::Guard;

/// What the web shows and does.
pub trait Backend: Send + Sync + 'static {
    /// The metrics as they are, compressed or not. Called for `HEAD` too; the chunks are then not read.
    fn scrape(&self, gzip: bool) -> ScrapeBody;

    /// `Err` with a sentence while the exporter is not ready.
    fn ready(&self) -> Result<(), String>;

    /// Reads the configuration again; `Err` with the sentences, and nothing changed. Calls may overlap.
    fn reload(&self) -> impl Future<Output = Result<(), String>> + Send;

    /// Routes of the exporter's own. They pass requests through `guard` themselves, since some may authenticate otherwise
    /// than by password.
    fn routes(self: &Arc<Self>, guard: Guard) -> Router {
        let _ = guard;
        Router::new()
    }
}
