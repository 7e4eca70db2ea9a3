//! One call from its arrival to its answer: log, credentials, limits, faults, truth, distortion.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde_json::Value;

use super::Endpoint;
use super::envelope::{self, Refusal};
use super::question::Question;
use crate::auth::header;
use crate::faults::{BodyFault, Kind, ResponseMutation};
use crate::state::ServerState;
use crate::wire::Fate;

/// More than the longest question; beyond it a body counts as unreadable.
const MAX_BODY: usize = 1 << 20;

/// What is sent, and the envelope's code for the log where the answer has one that can be read.
struct Answer {
    code: Option<i64>,
    response: Response,
}

pub(super) async fn call(state: &ServerState, fate: &Fate, endpoint: Endpoint, request: Request) -> Response {
    let now = state.clock.now().mono;
    let since_start = now.saturating_duration_since(state.began.mono);
    let ticket = state.calls().arrived(endpoint, now, since_start);
    let (head, body) = request.into_parts();
    let question = match to_bytes(body, MAX_BODY).await {
        Ok(body) => Question::read(endpoint, &head.headers, &body),
        Err(_) => Err(Refusal::new(40001, "request body cannot be read")),
    };
    state
        .calls()
        .asked(ticket, question.as_ref().map_or(0, |question| question.ids().len()));
    let answer = answer(state, fate, endpoint, &head.headers, question).await;
    state
        .calls()
        .answered(ticket, answer.code, answer.response.status().as_u16());
    answer.response
}

async fn answer(
    state: &ServerState,
    fate: &Fate,
    endpoint: Endpoint,
    headers: &HeaderMap,
    question: Result<Question, Refusal>,
) -> Answer {
    let trace_id = header(headers, "traceId");
    let refuse =
        |refusal: Refusal| Answer::envelope(StatusCode::OK, refusal.code, envelope::refusal(trace_id, refusal));
    if endpoint == Endpoint::Unknown {
        let refusal = Refusal::new(40005, "no such resource");
        return Answer::envelope(StatusCode::NOT_FOUND, 40005, envelope::refusal(trace_id, refusal));
    }
    let now = state.clock.now();
    let admitted = state.doorkeeper().admit(headers, now);
    let entered = admitted.and_then(|()| state.limits().enter(endpoint, now.mono));
    let _guest = match entered {
        Ok(()) => Guest(state),
        Err(refusal) => return refuse(refusal),
    };
    let ids = question.as_ref().map_or(&[][..], Question::ids);
    let kinds = state.faults().strike(endpoint, ids);
    let mut warps: Vec<ResponseMutation> = Vec::new();
    let mut spoiling: Option<BodyFault> = None;
    for kind in kinds {
        match kind {
            Kind::Latency(length) => tokio::time::sleep(length).await,
            Kind::Hang => std::future::pending().await,
            Kind::Reset => fate.reset().await,
            Kind::Close => fate.close().await,
            Kind::Http(error) => return Answer::opaque(error.into_response()),
            Kind::Code(code) => return refuse(Refusal::new(code, "fault on demand")),
            Kind::ResponseMutation(warp) => warps.push(warp),
            Kind::Spoil(how) => spoiling = Some(how),
        }
    }
    let data = match question.and_then(|question| question.answer(state)) {
        Ok(data) => data,
        Err(refusal) => return refuse(refusal),
    };
    let (code, body) = match envelope::success(trace_id, &data).and_then(|body| warped(body, &warps)) {
        Ok(warped) => warped,
        Err(error) => return Answer::failed(&error),
    };
    match spoiling {
        None => Answer::envelope(StatusCode::OK, code, Ok(body)),
        Some(how) => Answer::opaque(how.spoil(body)),
    }
}

/// The body with every warp applied, and the code it ends up with.
fn warped(body: Vec<u8>, warps: &[ResponseMutation]) -> serde_json::Result<(i64, Vec<u8>)> {
    if warps.is_empty() {
        return Ok((0, body));
    }
    let mut envelope: Value = serde_json::from_slice(&body)?;
    for warp in warps {
        warp.apply(&mut envelope);
    }
    let code = envelope["code"].as_i64().unwrap_or(0);
    Ok((code, serde_json::to_vec(&envelope)?))
}

impl Answer {
    fn envelope(status: StatusCode, code: i64, body: serde_json::Result<Vec<u8>>) -> Self {
        match body {
            Ok(body) => Self {
                code: Some(code),
                response: envelope::json(status, body),
            },
            Err(error) => Self::failed(&error),
        }
    }

    fn opaque(response: Response) -> Self {
        Self { code: None, response }
    }

    fn failed(error: &serde_json::Error) -> Self {
        let sentence = format!("The simulator could not write its answer: {error}.\n");
        Self::opaque((StatusCode::INTERNAL_SERVER_ERROR, sentence).into_response())
    }
}

/// A call under way, until it is answered or its client goes away.
struct Guest<'a>(&'a ServerState);

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        self.0.limits().leave();
    }
}
