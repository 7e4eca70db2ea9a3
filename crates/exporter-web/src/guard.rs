//! What every request passes: rate limit, password, configured response headers.

use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};

use super::auth::Users;
use super::rules::Rules;
use super::web_config::WebConfig;

/// Lets requests pass as the web configuration says. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Guard {
    web_config: Arc<WebConfig>,
    program: &'static str,
}

impl Guard {
    pub(super) fn new(web_config: Arc<WebConfig>, program: &'static str) -> Self {
        Self { web_config, program }
    }

    /// Passes the request to `next` if its password is right, or if no users are configured.
    pub async fn with_password(&self, request: Request, next: Next) -> Response {
        let rules = self.web_config.rules();
        self.check(&rules, rules.users.as_ref(), request, next).await
    }

    /// Passes the request to `next`, which has authentication of its own.
    pub async fn without_password(&self, request: Request, next: Next) -> Response {
        self.check(&self.web_config.rules(), None, request, next).await
    }

    async fn check(&self, rules: &Rules, users: Option<&Users>, request: Request, next: Next) -> Response {
        let verdict = match (&rules.rate, users) {
            (Some(rate), _) if rate.check().is_err() => Err(StatusCode::TOO_MANY_REQUESTS),
            (_, Some(users)) => users.authenticate(request.headers().get(AUTHORIZATION)).await,
            (_, None) => Ok(()),
        };
        let mut response = match verdict {
            Ok(()) => next.run(request).await,
            Err(status @ StatusCode::UNAUTHORIZED) => {
                let challenge = format!("Basic realm=\"{}\", charset=\"UTF-8\"", self.program);
                let text = "This exporter requires a user and a password.\n";
                (status, [(WWW_AUTHENTICATE, challenge)], text).into_response()
            }
            Err(status @ StatusCode::SERVICE_UNAVAILABLE) => {
                let text = "Too many passwords are being checked; try again in a few seconds.\n";
                (status, [(RETRY_AFTER, "5")], text).into_response()
            }
            Err(status) => {
                let text =
                    "There were more requests than rate_limit in the web configuration allows; try again later.\n";
                (status, text).into_response()
            }
        };
        response.headers_mut().extend(rules.headers.clone());
        response
    }
}
