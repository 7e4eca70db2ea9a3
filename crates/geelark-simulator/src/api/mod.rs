//! GeeLark's API. One call from its arrival to its answer: log, credentials, limits, faults, truth, mutations.

mod pay;
mod phone;

use std::future::pending;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::handler::Handler;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use serde_json::{Value, json};

use crate::auth::authenticate;
use crate::connection::ConnectionHandle;
use crate::endpoint::ApiEndpoint;
use crate::envelope::{Refusal, header, json_response};
use crate::faults::{Effect, gateway_error, select_effects};
use crate::state::{Simulator, unix_millis};
pub use phone::PLANTED_SECRETS;
use phone::PhoneRequest;

/// More than the longest valid request. The body of a larger request is unreadable.
const MAX_BODY: usize = 1 << 20;

/// The envelope's code for the log, if the response has one that can be read, and the response.
type Answer = (Option<i64>, Response);

/// The API. A request over a socket needs a `ConnectionHandle` among its extensions.
pub(crate) fn router() -> Router<Simulator> {
    let handler = |endpoint| call.layer(Extension(endpoint));
    Router::new()
        .route("/open/v1/phone/status", post(handler(ApiEndpoint::Status)))
        .route("/open/v1/phone/list", post(handler(ApiEndpoint::List)))
        .route("/open/v1/pay/wallet", post(handler(ApiEndpoint::Wallet)))
        .route("/open/v1/pay/plan/info", post(handler(ApiEndpoint::Plan)))
        .fallback(handler(ApiEndpoint::Unknown))
        .layer(DefaultBodyLimit::max(MAX_BODY))
}

async fn call(
    State(simulator): State<Simulator>,
    Extension(endpoint): Extension<ApiEndpoint>,
    connection: Option<Extension<ConnectionHandle>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let request = read(&headers, body);
    let number = {
        let state = &mut *simulator.lock();
        let ids = request.as_ref().map_or(0, |request| request.ids.len());
        state.calls.arrived(endpoint, ids, state.elapsed)
    };
    let answer = answer(&simulator, endpoint, connection.as_deref(), &headers, request).await;
    let (code, response) = answer.unwrap_or_else(|refusal| {
        let envelope = refusal.envelope(header(&headers, "traceId"));
        (Some(refusal.code), json_response(refusal.status, envelope.to_string()))
    });
    let log = &mut simulator.lock().calls;
    log.answered(number, code, response.status().as_u16());
    response
}

/// A key with null is the same as a missing key.
fn read(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<PhoneRequest, Refusal> {
    if !header(headers, "Content-Type").starts_with("application/json") {
        return Err(Refusal::new(40001, "Content-Type is not application/json"));
    }
    let request = body.ok().and_then(|body| serde_json::from_slice(&body).ok());
    let mut request: Value = request.ok_or(Refusal::new(40001, "request body cannot be read"))?;
    if let Some(fields) = request.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    serde_json::from_value(request).map_err(|_| Refusal::INVALID_PARAMETERS)
}

async fn answer(
    simulator: &Simulator,
    endpoint: ApiEndpoint,
    connection: Option<&ConnectionHandle>,
    headers: &HeaderMap,
    request: Result<PhoneRequest, Refusal>,
) -> Result<Answer, Refusal> {
    if endpoint == ApiEndpoint::Unknown {
        return Err(Refusal::NO_RESOURCE);
    }
    let (_permit, effects) = {
        let state = &mut *simulator.lock();
        authenticate(state, headers, unix_millis())?;
        let permit = state.limits.admit(&state.options, endpoint, state.elapsed)?;
        let ids = request.as_ref().map_or(&[][..], |request| &request.ids);
        let effects = select_effects(&mut state.options.faults, &mut state.fault_rng, endpoint, ids);
        (permit, effects)
    };
    let (mut mutations, mut body_fault) = (Vec::new(), None);
    for effect in effects {
        match effect {
            Effect::Latency { length } => tokio::time::sleep(*length).await,
            Effect::Hang => pending().await,
            Effect::Reset | Effect::Close => {
                if let Some(connection) = connection {
                    connection.end(matches!(effect, Effect::Reset)).await;
                }
            }
            Effect::Http { status, retry_after } => return Ok((None, gateway_error(status, retry_after))),
            Effect::Code { code } => return Err(Refusal::new(code, "fault on demand")),
            Effect::Mutation(mutation) => mutations.push(mutation),
            Effect::Body(fault) => body_fault = Some(fault),
        }
    }
    let (request, trace_id) = (request?, header(headers, "traceId"));
    let data = match (endpoint, &simulator.lock().fleet) {
        (ApiEndpoint::Status, fleet) => phone::status(&request, fleet)?,
        (ApiEndpoint::List, fleet) => phone::list(&request, fleet)?,
        (ApiEndpoint::Wallet, fleet) => pay::wallet(fleet),
        (ApiEndpoint::Plan | ApiEndpoint::Unknown, fleet) => pay::plan(fleet),
    };
    let mut envelope = json!({"traceId": trace_id, "code": 0, "msg": "success", "data": data});
    for mutation in mutations {
        mutation.apply(&mut envelope);
    }
    let (code, body) = (envelope["code"].as_i64(), envelope.to_string());
    Ok(match body_fault {
        None => (code.or(Some(0)), json_response(StatusCode::OK, body)),
        Some(fault) => (None, fault.respond(&body.into())),
    })
}
