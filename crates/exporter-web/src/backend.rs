//! What an exporter implements.

use std::future::Future;
use std::sync::Arc;

use axum::Router;

use super::body::ScrapeBody;
use super::guard::Guard;
use super::settings::About;

/// What the server shows and does.
pub trait Backend: Send + Sync + 'static {
    /// What the exporter is called.
    const ABOUT: About;

    /// The current metrics, compressed or not. Called for `HEAD` too; the chunks are then not read.
    fn scrape(&self, gzip: bool) -> ScrapeBody;

    /// `Err` with a sentence while the exporter is not ready.
    fn ready(&self) -> Result<(), String>;

    /// Reads the configuration again. `Err` with the problems if it keeps the previous one. Calls may overlap.
    fn reload(&self) -> impl Future<Output = Result<(), String>> + Send;

    /// The exporter's own routes. They pass requests through `guard` themselves, because some may have authentication of
    /// their own instead of a password.
    fn routes(self: &Arc<Self>, guard: Guard) -> Router {
        let _ = guard;
        Router::new()
    }
}
