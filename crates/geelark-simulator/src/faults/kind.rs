//! What can go wrong.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::spoil::BodyFault;
use super::warp::ResponseMutation;

/// One kind of fault. Those that end a call come before its answer is made; the others change the answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// The answer is late.
    Latency(Duration),
    /// No answer ever begins.
    Hang,
    /// TCP reset instead of an answer.
    Reset,
    /// End of the connection instead of an answer.
    Close,
    /// A gateway answers in GeeLark's place.
    Http(GatewayError),
    /// An envelope with this code and no data.
    Code(i64),
    /// A well-formed answer that is not true.
    ResponseMutation(ResponseMutation),
    /// A body that is no answer.
    Spoil(BodyFault),
}

impl Kind {
    /// Whether nothing that comes after it matters.
    pub(super) fn ends_the_call(&self) -> bool {
        match self {
            Self::Hang | Self::Reset | Self::Close | Self::Http(_) | Self::Code(_) => true,
            Self::Latency(_) | Self::ResponseMutation(_) | Self::Spoil(_) => false,
        }
    }
}

/// An HTTP error as gateways send it: with a page for people.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GatewayError {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<u64>,
}

impl IntoResponse for GatewayError {
    fn into_response(self) -> Response {
        let page = Html(format!(
            "<html><head><title>{0}</title></head><body>{0}</body></html>",
            self.status
        ));
        let mut response = (self.status, page).into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
