//! The rules for connections and requests.

use std::sync::Arc;

use governor::DefaultDirectRateLimiter;
use http::HeaderMap;

use super::auth::Users;

/// The valid content of the web configuration file. The default is plain HTTP for every client.
#[derive(Default)]
pub(super) struct Rules {
    pub(super) tls: Option<Arc<rustls::ServerConfig>>,
    pub(super) http1_only: bool,
    /// Headers of every response.
    pub(super) headers: HeaderMap,
    /// Without users, no password is required.
    pub(super) users: Option<Users>,
    pub(super) rate: Option<DefaultDirectRateLimiter>,
}
