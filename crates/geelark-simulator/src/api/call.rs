//! One call from its arrival to its answer: log, credentials, limits, faults, truth, mutations.

use std::future::pending;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{pay, phone_list, phone_status};
use crate::connection::ConnectionHandle;
use crate::endpoint::ApiEndpoint;
use crate::envelope::{Refusal, header, json_response};
use crate::faults::{Effect, gateway_error};
use crate::fleet::SimulatedFleet;
use crate::state::{SharedState, unix_millis};

/// The envelope's code for the log, if the response has one that can be read, and the response.
type Answer = (Option<i64>, Response);

pub(super) async fn call(
    State(state): State<SharedState>,
    Extension(endpoint): Extension<ApiEndpoint>,
    connection: Option<Extension<ConnectionHandle>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let request = read(&headers, body);
    let ids = request.iter().filter_map(|request| request["ids"].as_array()).flatten();
    let ids: Vec<&str> = ids.filter_map(Value::as_str).collect();
    let number = {
        let state = &mut *state.lock();
        state.calls.arrived(endpoint, ids.len(), state.elapsed)
    };
    let connection = connection.as_deref();
    let answer = answer(&state, endpoint, connection, &headers, request.as_ref(), &ids).await;
    let (code, response) = answer.unwrap_or_else(|refusal| {
        let status = match endpoint {
            ApiEndpoint::Unknown => StatusCode::NOT_FOUND,
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
    state: &SharedState,
    endpoint: ApiEndpoint,
    connection: Option<&ConnectionHandle>,
    headers: &HeaderMap,
    request: Result<&Value, &Refusal>,
    ids: &[&str],
) -> Result<Answer, Refusal> {
    if endpoint == ApiEndpoint::Unknown {
        return Err(Refusal::NO_RESOURCE);
    }
    let (_permit, effects) = {
        let state = &mut *state.lock();
        state
            .authenticator
            .authenticate(&state.options, headers, unix_millis())?;
        (
            state.limits.admit(endpoint, state.elapsed)?,
            state.faults.strike(endpoint, ids),
        )
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
    let data = data(&state.lock().fleet, endpoint, request.map_err(|refusal| *refusal)?)?;
    let trace_id = header(headers, "traceId");
    let mut envelope = json!({"traceId": trace_id, "code": 0, "msg": "success", "data": data});
    for mutation in mutations {
        mutation.apply(&mut envelope);
    }
    let body = envelope.to_string();
    Ok(match body_fault {
        None => (
            Some(envelope["code"].as_i64().unwrap_or(0)),
            json_response(StatusCode::OK, body),
        ),
        Some(fault) => (None, fault.respond(&body.into())),
    })
}

/// The truthful `data` of the answer.
fn data(fleet: &SimulatedFleet, endpoint: ApiEndpoint, request: &Value) -> Result<Value, Refusal> {
    match endpoint {
        ApiEndpoint::Status => phone_status::data(&parse(request)?, fleet),
        ApiEndpoint::List => phone_list::data(&parse(request)?, fleet),
        ApiEndpoint::Wallet => Ok(pay::wallet(fleet)),
        ApiEndpoint::Plan => Ok(pay::plan(fleet)),
        ApiEndpoint::Unknown => Err(Refusal::NO_RESOURCE),
    }
}

fn parse<T: DeserializeOwned>(request: &Value) -> Result<T, Refusal> {
    T::deserialize(request).map_err(|_| Refusal::INVALID_PARAMETERS)
}
