//! Every request passes the guard: rate limit, password, configured headers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};

use super::auth::{Users, Verdict};
use super::rules::Rules;
use super::web_config::WebConfig;

/// Lets requests pass as the web configuration says. A cheap handle.
#[derive(Clone, Debug)]
pub struct Guard {
    web_config: Arc<WebConfig>,
    realm: Arc<str>,
}

/// The middleware of every path that requires a password where users are configured.
pub(super) async fn require_password(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    guard.with_password(request, next).await
}

impl Guard {
    pub(super) fn new(web_config: Arc<WebConfig>, program: &str) -> Self {
        let realm = format!("Basic realm=\"{program}\", charset=\"UTF-8\"").into();
        Self { web_config, realm }
    }

    /// Passes the request on if its user may.
    pub async fn with_password(&self, request: Request, next: Next) -> Response {
        let rules = self.web_config.rules();
        self.check(&rules, rules.users.as_ref(), request, next).await
    }

    /// Passes the request on without a password: the next handler has authentication of its own.
    pub async fn without_password(&self, request: Request, next: Next) -> Response {
        self.check(&self.web_config.rules(), None, request, next).await
    }

    async fn check(&self, rules: &Rules, users: Option<&Users>, request: Request, next: Next) -> Response {
        let verdict = match (&rules.rate, users) {
            (Some(rate), _) if rate.check().is_err() => Verdict::TooOften,
            (_, Some(users)) => users.judge(request.headers().get(AUTHORIZATION)).await,
            (_, None) => Verdict::Allowed,
        };
        let mut response = match verdict {
            Verdict::Allowed => next.run(request).await,
            Verdict::Refused => {
                let refusal = "This exporter asks for a user and a password.\n";
                (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, &*self.realm)], refusal).into_response()
            }
            Verdict::Busy => {
                let refusal = "Too many passwords are being checked; try again in a few seconds.\n";
                (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "5")], refusal).into_response()
            }
            Verdict::TooOften => {
                let refusal = "More requests came than rate_limit in the web configuration allows; try again later.\n";
                (StatusCode::TOO_MANY_REQUESTS, refusal).into_response()
            }
        };
        for (name, value) in &rules.headers {
            response.headers_mut().insert(name, value.clone());
        }
        response
    }
}
