//! One call from its arrival to its answer: log, credentials, limits, faults, truth, mutations.

use std::future::pending;
use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{pay, phone_list, phone_status};
use crate::auth::header;
use crate::connection::ConnectionHandle;
use crate::endpoint::Endpoint;
use crate::envelope::{Refusal, json_response};
use crate::faults::{Effect, gateway_error};
use crate::state::ServerState;

/// The envelope's code for the log, if the response has one that can be read, and the response.
type Answer = (Option<i64>, Response);

pub(super) async fn call(
    State(state): State<Arc<ServerState>>,
    Extension(endpoint): Extension<Endpoint>,
    Extension(connection): Extension<ConnectionHandle>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let request = read(&headers, body);
    let ids: Vec<&str> = request
        .iter()
        .filter_map(|request| request["ids"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let now = state.clock.now().mono;
    let since_start = now.saturating_duration_since(state.started.mono);
    let number = state.lock().calls.arrived(endpoint, ids.len(), now, since_start);
    let answer = answer(&state, endpoint, &connection, &headers, request.as_ref(), &ids).await;
    let (code, response) = answer.unwrap_or_else(|refusal| {
        let status = match endpoint {
            Endpoint::Unknown => StatusCode::NOT_FOUND,
            _ => StatusCode::OK,
        };
        let envelope = refusal.envelope(header(&headers, "traceId"));
        (Some(refusal.code), json_response(status, envelope.to_string()))
    });
    state.lock().calls.answered(number, code, response.status().as_u16());
    response
}

/// The body as JSON. A key with null is the same as a missing key.
fn read(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Value, Refusal> {
    if !header(headers, "Content-Type").starts_with("application/json") {
        return Err(Refusal::new(40001, "Content-Type is not application/json"));
    }
    let request = body.ok().and_then(|body| serde_json::from_slice(&body).ok());
    let mut request: Value = request.ok_or(Refusal::new(40001, "request body cannot be read"))?;
    if let Some(fields) = request.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    Ok(request)
}

async fn answer(
    state: &ServerState,
    endpoint: Endpoint,
    connection: &ConnectionHandle,
    headers: &HeaderMap,
    request: Result<&Value, &Refusal>,
    ids: &[&str],
) -> Result<Answer, Refusal> {
    if endpoint == Endpoint::Unknown {
        return Err(Refusal::new(40005, "no such resource"));
    }
    let (_permit, effects) = {
        let (now, mut parts) = (state.clock.now(), state.lock());
        parts.authenticator.authenticate(&state.options, headers, now)?;
        (
            parts.limits.admit(endpoint, now.mono)?,
            parts.faults.strike(endpoint, ids),
        )
    };
    let (mut mutations, mut body_fault) = (Vec::new(), None);
    for effect in effects {
        match effect {
            Effect::Latency(length) => tokio::time::sleep(length).await,
            Effect::Hang => pending().await,
            Effect::Reset => connection.reset().await,
            Effect::Close => connection.close().await,
            Effect::Http { status, retry_after } => return Ok((None, gateway_error(status, retry_after))),
            Effect::Code(code) => return Err(Refusal::new(code, "fault on demand")),
            Effect::Mutation(mutation) => mutations.push(mutation),
            Effect::Body(fault) => body_fault = Some(fault),
        }
    }
    let data = data(state, endpoint, request.map_err(|refusal| *refusal)?)?;
    let trace_id = header(headers, "traceId");
    let mut envelope = json!({"traceId": trace_id, "code": 0, "msg": "success", "data": data});
    for mutation in mutations {
        mutation(&mut envelope);
    }
    let body = envelope.to_string();
    Ok(match body_fault {
        None => {
            let code = envelope["code"].as_i64().unwrap_or(0);
            (Some(code), json_response(StatusCode::OK, body))
        }
        Some(fault) => (None, fault(&body.into())),
    })
}

/// The truthful `data` of the answer.
fn data(state: &ServerState, endpoint: Endpoint, request: &Value) -> Result<Value, Refusal> {
    let fleet = &state.lock().fleet;
    match endpoint {
        Endpoint::Status => phone_status::data(&parse(request)?, fleet),
        Endpoint::List => phone_list::data(&parse(request)?, fleet),
        Endpoint::Wallet => Ok(pay::wallet(fleet)),
        Endpoint::Plan => Ok(pay::plan(fleet, state.started.unix())),
        Endpoint::Unknown => Err(Refusal::new(40005, "no such resource")),
    }
}

fn parse<T: DeserializeOwned>(request: &Value) -> Result<T, Refusal> {
    T::deserialize(request).map_err(|_| Refusal::INVALID_PARAMETERS)
}
