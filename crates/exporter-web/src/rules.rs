//! The rules that requests and connections are judged by.

use std::sync::Arc;

use governor::DefaultDirectRateLimiter;
use http::HeaderMap;

use super::auth::Users;

/// What the web configuration file asks for, checked. The default asks for nothing: plain HTTP for everybody.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) tls: Option<Arc<rustls::ServerConfig>>,
    pub(super) http2: bool,
    pub(super) headers: HeaderMap,
    pub(super) users: Option<Users>,
    pub(super) rate: Option<DefaultDirectRateLimiter>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            tls: None,
            http2: true,
            headers: HeaderMap::new(),
            users: None,
            rate: None,
        }
    }
}
