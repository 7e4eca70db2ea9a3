//! What every request passes: rate limit, password, configured response headers.

use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};

use super::web_config::WebConfig;

/// Lets requests pass as the web configuration says. Cheap to clone.
#[derive(Clone)]
pub struct Guard {
    web_config: Arc<WebConfig>,
    program: &'static str,
}

impl Guard {
    pub(super) fn new(web_config: Arc<WebConfig>, program: &'static str) -> Self {
        Self { web_config, program }
    }

    /// Passes the request to `next`, or refuses it. Without `needs_password`, `next` has authentication of its own.
    pub async fn check(&self, needs_password: bool, request: Request, next: Next) -> Response {
        let rules = self.web_config.rules();
        let verdict = match (&rules.rate, &rules.users) {
            (Some(rate), _) if rate.check().is_err() => Err(StatusCode::TOO_MANY_REQUESTS),
            (_, Some(users)) if needs_password => users.authenticate(request.headers().get(AUTHORIZATION)).await,
            _ => Ok(()),
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
