//! The web configuration file in force: TLS, users, headers, followed as the files change.
//!
//! Always true: a request is judged by rules that were read as a whole and found right. A file that became bad changes
//! nothing; what cannot be taken back safely while running (TLS, the need for a password) needs a restart.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::DefaultDirectRateLimiter;
use http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use tracing::{info, warn};

use super::Problems;
use super::auth::{Users, Verdict};
use super::config;
use config_file::FileStamps;

/// What the file asks for, checked. The default asks for nothing: plain HTTP for everybody.
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

/// The rules in force and where they come from.
#[derive(Debug, Default)]
pub struct WebConfig {
    rules: ArcSwap<Rules>,
    source: Option<PathBuf>,
    seen: Mutex<Seen>,
}

/// What the files looked like when they were last read, and what was wrong then.
#[derive(Debug, Default)]
struct Seen {
    stamps: FileStamps,
    problems: Option<Problems>,
}

impl WebConfig {
    /// Reads the web configuration file and all it refers to.
    pub fn from_file(path: &Path) -> Result<Self, Problems> {
        let reading = config::read(path);
        Ok(Self {
            rules: ArcSwap::from_pointee(reading.outcome?),
            source: Some(path.to_owned()),
            seen: Mutex::new(Seen {
                stamps: reading.stamps,
                problems: None,
            }),
        })
    }

    pub(super) fn rules(&self) -> Arc<Rules> {
        self.rules.load_full()
    }

    /// Whether there are files to follow.
    pub(super) fn has_files(&self) -> bool {
        self.source.is_some()
    }

    /// Reads the files again if one of them changed.
    pub(super) fn follow(&self) {
        let Some(path) = &self.source else { return };
        // A panic while reading leaves old stamps, and the files are read once more.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.stamps.unchanged() {
            return;
        }
        let reading = config::read(path);
        seen.stamps = reading.stamps;
        let rules = reading.outcome.and_then(|rules| self.may_follow(path, rules));
        match rules {
            Ok(rules) => {
                self.rules.store(Arc::new(rules));
                seen.problems = None;
                info!(file = %path.display(), "web configuration read again");
            }
            Err(problems) => {
                if seen.problems.as_ref() != Some(&problems) {
                    for problem in problems.sentences() {
                        warn!(%problem, "web configuration changed for the worse; the last good one stays in force");
                    }
                }
                seen.problems = Some(problems);
            }
        }
    }

    /// A file caught half-written looks like one that asks for nothing. WebConfig is not taken away for that.
    fn may_follow(&self, path: &Path, next: Rules) -> Result<Rules, Problems> {
        let rules = self.rules();
        let file = path.display();
        let mut problems = Vec::new();
        if rules.tls.is_some() != next.tls.is_some() {
            problems.push(format!(
                "{file}: tls_server_config: switching TLS on or off takes a restart; restart the exporter or take the \
                 change back"
            ));
        }
        if rules.users.is_some() && next.users.is_none() {
            problems.push(format!(
                "{file}: basic_auth_users: going without passwords takes a restart; restart the exporter or name a user"
            ));
        }
        Problems::or(problems, next)
    }
}

/// Stands before every path: lets in who may, and gives every response the configured headers.
pub(super) async fn guard(State(web_config): State<Arc<WebConfig>>, request: Request, next: Next) -> Response {
    web_config.guarded(request, next).await
}

impl WebConfig {
    /// Lets the request pass if its user may.
    pub(super) async fn guarded(&self, request: Request, next: Next) -> Response {
        let rules = self.rules();
        self.judged(&rules, rules.users.as_ref(), request, next).await
    }

    /// Lets the request pass without a password: whoever is next has authentication of its own.
    pub(super) async fn open(&self, request: Request, next: Next) -> Response {
        self.judged(&self.rules(), None, request, next).await
    }

    async fn judged(&self, rules: &Rules, users: Option<&Users>, request: Request, next: Next) -> Response {
        let verdict = match (&rules.rate, users) {
            (Some(rate), _) if rate.check().is_err() => Verdict::TooOften,
            (_, Some(users)) => users.judge(request.headers().get(AUTHORIZATION)).await,
            (_, None) => Verdict::Allowed,
        };
        let mut response = match verdict {
            Verdict::Allowed => next.run(request).await,
            Verdict::Refused => (
                StatusCode::UNAUTHORIZED,
                [(WWW_AUTHENTICATE, "Basic realm=\"geelark_exporter\", charset=\"UTF-8\"")],
                "This exporter asks for a user and a password.\n",
            )
                .into_response(),
            Verdict::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                [(RETRY_AFTER, "5")],
                "Too many passwords are being checked; try again in a few seconds.\n",
            )
                .into_response(),
            Verdict::TooOften => (
                StatusCode::TOO_MANY_REQUESTS,
                "More requests came than rate_limit in the web configuration allows; try again later.\n",
            )
                .into_response(),
        };
        for (name, value) in &rules.headers {
            response.headers_mut().insert(name, value.clone());
        }
        response
    }
}
