//! The webhooks that the simulator sends.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::any;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;

type Received = UnboundedReceiver<(HeaderMap, String)>;

/// Records every request, and refuses those without a trace id.
async fn receiver() -> (String, Received) {
    async fn take(
        State(record): State<UnboundedSender<(HeaderMap, String)>>,
        headers: HeaderMap,
        body: String,
    ) -> StatusCode {
        let is_refused = headers.get("traceid").is_none_or(|id| id == "refuse-me");
        record.send((headers, body)).unwrap();
        if is_refused {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::NO_CONTENT
        }
    }
    let (record, received) = unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().route("/hook", any(take)).with_state(record);
    tokio::spawn(crate::connection::serve(router, listener));
    (url, received)
}

async fn next(received: &mut Received) -> (HeaderMap, Value) {
    let (headers, body) = tokio::time::timeout(Duration::from_secs(30), received.recv())
        .await
        .unwrap()
        .unwrap();
    (headers, serde_json::from_str(&body).unwrap())
}

impl Server {
    async fn control(&self, method: Method, path: &str, body: Value) -> (u16, String) {
        let request = self.client.request(method, format!("{}/_simulator/{path}", self.base));
        let response = request.body(body.to_string()).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }
}

#[tokio::test]
async fn events_of_a_phone_are_sent_in_order_and_authenticated() {
    let (url, mut received) = receiver().await;
    let server = Server::new(Options {
        webhook_url: Some(url.parse().unwrap()),
        ..options(3)
    })
    .await;
    let id = &server.ids[0];
    let phone = format!("phones/{id}");
    server
        .control(
            Method::PATCH,
            &phone,
            json!({"status": "starting", "tags": [], "serialName": "a"}),
        )
        .await;
    server
        .control(
            Method::PATCH,
            &phone,
            json!({"status": "started", "tags": ["t"], "serialName": "b"}),
        )
        .await;
    server
        .control(Method::PATCH, &phone, json!({"status": "shut_down"}))
        .await;
    server.control(Method::DELETE, &phone, json!({})).await;
    let mut sent = Vec::new();
    while sent.last() != Some(&10) {
        let (headers, body) = next(&mut received).await;
        assert_eq!(headers["authorization"], "Bearer demo-token");
        assert_eq!(headers["traceid"].len(), 36);
        let item = if body["items"].is_null() {
            &body
        } else {
            &body["items"][0]
        };
        assert!(item["id"] == **id || body["envIds"][0] == **id, "{body}");
        assert_eq!(
            (&body["username"], &body["ip"]),
            (&json!(PLANTED_PERSON[0]), &json!(PLANTED_PERSON[1]))
        );
        sent.push(body["type"].as_i64().unwrap());
    }
    // Whatever the phone was before, the last five are these.
    assert_eq!(sent[sent.len() - 5..], [1, 9, 11, 8, 10]);
}

#[tokio::test]
async fn webhooks_can_be_signed_forged_repeated_and_dated_back() {
    let (url, mut received) = receiver().await;
    let server = Server::new(options(1)).await;
    let (status, sentence) = server.control(Method::POST, "webhook", json!({})).await;
    assert_eq!(
        (status, sentence.as_str()),
        (409, "Not sent: no URL is set; PUT /_simulator/webhook sets one.\n")
    );
    assert_eq!(
        server
            .control(Method::PUT, "webhook", json!({"url": url, "auth": "key"}))
            .await
            .0,
        204
    );

    let message =
        json!({"payload": {"type": 1}, "trace_id": "db6094ab-3797-4186-84d5-b0b58eebad56", "late_seconds": 600});
    assert_eq!(
        server.control(Method::POST, "webhook", message.clone()).await,
        (200, r#"{"status":204}"#.to_owned())
    );
    let (headers, body) = next(&mut received).await;
    assert_eq!(body, json!({"type": 1}));
    let header = |name: &str| headers[name].to_str().unwrap();
    assert_eq!((header("appid"), header("nonce")), ("demo-app", "db6094"));
    let ts: i64 = header("ts").parse().unwrap();
    let now = state::unix_millis();
    assert!((590_000..610_000).contains(&(now - ts)), "{ts} at {now}");
    let genuine = auth::signature("demo-app", header("traceid"), header("ts"), "db6094", "demo-key");
    assert_eq!(header("sign"), genuine);

    server
        .control(
            Method::POST,
            "webhook",
            json!({"payload": "not json", "forged": true, "trace_id": "refuse-me"}),
        )
        .await;
    let (headers, body) = received.recv().await.unwrap();
    let ts = headers["ts"].to_str().unwrap();
    let genuine = auth::signature("demo-app", "refuse-me", ts, "refuse", "demo-key");
    assert_ne!(headers["sign"], genuine);
    assert_eq!(body, "not json");

    let (_, shown) = server.control(Method::GET, "webhook", json!({})).await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown, json!({"url": url, "auth": "key", "taken": 1, "failed": 1}));
    server.control(Method::DELETE, "webhook", json!({})).await;
    assert_eq!(server.control(Method::POST, "webhook", message).await.0, 409);
}
