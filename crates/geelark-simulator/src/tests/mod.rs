//! Calls of a client: in the process, where time can be paused, and over a socket, where bytes can be lost.

mod api;
mod connection;
mod control;
mod docs;
mod faults;
mod list;
mod webhook;

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::*;

const STATUS: &str = "/open/v1/phone/status";
const LIST: &str = "/open/v1/phone/list";
const WALLET: &str = "/open/v1/pay/wallet";
const PLAN: &str = "/open/v1/pay/plan/info";

/// A frozen fleet.
fn options(phones: usize) -> Options {
    Options {
        phones,
        speed: 0.0,
        ..Options::default()
    }
}

fn simulator(options: Options) -> Simulator {
    Simulator::new(options)
}

fn with_faults(phones: usize, faults: &[&str]) -> Options {
    Options {
        faults: faults
            .iter()
            .map(|fault| Fault::try_from((*fault).to_owned()).unwrap())
            .collect(),
        ..options(phones)
    }
}

/// Sends a request without a connection.
async fn send(simulator: &Simulator, request: Request<Body>) -> (StatusCode, Vec<u8>) {
    let response = TowerToHyperService::new(simulator.router())
        .call(request)
        .await
        .unwrap();
    let status = response.status();
    (
        status,
        to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec(),
    )
}

/// A call with the default token and a fresh trace id; its body as JSON.
async fn call(simulator: &Simulator, path: &str, body: Value) -> Value {
    let (status, body) = send(simulator, request(path, body.to_string())).await;
    assert_eq!(status, StatusCode::OK);
    serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&body)))
}

fn request(path: &str, body: String) -> Request<Body> {
    Request::post(path)
        .header("traceId", Uuid::new_v4().to_string())
        .header("Authorization", "Bearer demo-token")
        .header("Content-Type", "application/json")
        .body(body.into())
        .unwrap()
}

/// A control request; the answer as JSON, or as text when it is not JSON.
async fn control(simulator: &Simulator, method: Method, path: &str, body: &str) -> (u16, Value) {
    let request = Request::builder().method(method).uri(format!("/_simulator/{path}"));
    let (status, body) = send(simulator, request.body(body.to_owned().into()).unwrap()).await;
    let text = String::from_utf8(body).unwrap();
    let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status.as_u16(), value)
}

/// A simulator on a real socket.
struct Server {
    base: String,
    ids: Vec<String>,
    stop: CancellationToken,
    served: JoinHandle<()>,
    client: reqwest::Client,
}

impl Server {
    async fn new(options: Options) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let simulator = Simulator::new(options);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stop, ids) = (CancellationToken::new(), simulator.ids());
        Self {
            base,
            ids,
            served: tokio::spawn(simulator.serve(listener, stop.clone())),
            stop,
            client: client(reqwest::Client::builder()),
        }
    }

    /// A call for the status of every phone.
    fn status_call(&self) -> reqwest::RequestBuilder {
        self.status_call_with(&self.client)
    }

    fn status_call_with(&self, client: &reqwest::Client) -> reqwest::RequestBuilder {
        client
            .post(format!("{}{STATUS}", self.base))
            .header("traceId", Uuid::new_v4().to_string())
            .bearer_auth("demo-token")
            .header("Content-Type", "application/json")
            .body(serde_json::json!({ "ids": self.ids }).to_string())
    }

    /// The body of the answer to a status call.
    async fn body(&self) -> Vec<u8> {
        let response = self.status_call().send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.bytes().await.unwrap().to_vec()
    }
}

fn client(builder: reqwest::ClientBuilder) -> reqwest::Client {
    builder.no_proxy().pool_max_idle_per_host(0).build().unwrap()
}
