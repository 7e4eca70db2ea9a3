//! A webhook with a real verifier, hints to look at, and a receiver on a socket.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::Response;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

mod endpoint;

use super::*;
use crate::exposition::{Encoding, MetricsStore};
use crate::fleet::{Fleet, Target};
use crate::poller::SharedFleet;
use bytes::Bytes;
use geelark_client::Credentials;
use geelark_client::clock::Clock;
use geelark_client::phone::{BATCH_SIZE, PhoneId};
use http::HeaderMap;

struct Fixture {
    webhook: Arc<Webhook>,
    listeners: Listeners,
    store: MetricsStore,
}

impl Fixture {
    fn new(relay_to: Option<&str>) -> Self {
        Self::after(None, relay_to)
    }

    fn after(predecessor: Option<&Webhook>, relay_to: Option<&str>) -> Self {
        let registry = crate::app::metrics::registry();
        let store = MetricsStore::new(registry.clone());
        let listeners = Listeners {
            fleet: SharedFleet::new(fleet()),
            targets: Arc::default(),
        };
        let relay = relay_to.map(|url| (url.parse::<url::Url>().unwrap().into(), RelayClient::new().unwrap()));
        let credentials = Credentials::Token("tok-1".to_owned().into());
        Self {
            webhook: Arc::new(Webhook::new(
                &"main".into(),
                credentials,
                relay,
                predecessor,
                listeners.clone(),
                &registry,
                Clock::system(),
            )),
            listeners,
            store,
        }
    }

    fn send(&self, trace_id: &str, body: &str) -> bool {
        let headers = headers("tok-1", trace_id);
        assert!(self.webhook.admit(&headers));
        self.webhook.receive(&headers, Bytes::copy_from_slice(body.as_bytes()))
    }

    /// The phones that are requested outside of rounds.
    fn due(&self) -> Vec<PhoneId> {
        let mut fleet = self.listeners.fleet.lock();
        fleet.take_due(Duration::ZERO, Instant::now())
    }

    fn count(&self, series: &str) -> u64 {
        let bytes: Vec<u8> = self.store.scrape(Encoding::Plain).flatten().collect();
        let text = String::from_utf8(bytes).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(&format!("geelark_webhook_{series} ")));
        line.unwrap_or_else(|| panic!("no {series}")).parse().unwrap()
    }

    fn result(&self, result: &str) -> u64 {
        self.count(&format!("requests_total{{account=\"main\",result=\"{result}\"}}"))
    }
}

/// A fleet that has every phone that the tests name.
fn fleet() -> Fleet {
    let flood = (0..11).flat_map(|flood| (0..1000).map(move |id| format!("{flood}-{id}")));
    let ids = ["a", "b"].map(str::to_owned).into_iter().chain(flood);
    let targets: Vec<Target> = ids.map(|id| PhoneId::from(id.as_str()).into()).collect();
    let mut fleet = Fleet::new("main".into());
    fleet.assign(&targets);
    fleet
}

fn headers(token: &str, trace_id: &str) -> HeaderMap {
    [
        ("authorization", format!("Bearer {token}")),
        ("traceid", trace_id.to_owned()),
        ("content-type", "application/json".to_owned()),
        ("cookie", "not-for-the-receiver".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap()))
    .collect()
}

#[tokio::test]
async fn accepted_requests_become_hints_and_every_request_is_counted() {
    let fixture = Fixture::new(None);
    assert!(fixture.send("1", r#"{"type": 1, "id": "a"}"#));
    assert!(fixture.send("2", r#"{"type": 10, "items": [{"id": "b"}, {"id": "a"}]}"#));
    assert!(fixture.send("3", r#"{"type": 4, "id": "task"}"#));
    assert!(!fixture.send("4", "nonsense"));
    assert!(!fixture.webhook.admit(&headers("tok-1", "1")));
    assert!(!fixture.webhook.admit(&headers("tok-2", "5")));
    let mut late = headers("tok-1", "6");
    late.insert("ts", "1716972892166".parse().unwrap());
    assert!(!fixture.webhook.admit(&late));
    fixture.webhook.refuse_oversized();
    let due = fixture.due();
    assert_eq!(due, ["a", "b"].map(PhoneId::from));
    fixture.listeners.targets.notified().await;
    let expected = [
        ("accepted", 2),
        ("ignored", 1),
        ("unreadable", 1),
        ("replayed", 1),
        ("forged", 1),
        ("late", 1),
        ("oversized", 1),
    ];
    for (result, count) in expected {
        assert_eq!(fixture.result(result), count, "{result}");
    }
}

#[tokio::test]
async fn hints_beyond_the_limit_are_dropped_and_counted() {
    let fixture = Fixture::new(None);
    for flood in 0..11 {
        let items: Vec<String> = (0..1000).map(|id| format!(r#"{{"id": "{flood}-{id}"}}"#)).collect();
        let body = format!(r#"{{"type": 9, "items": [{}]}}"#, items.join(","));
        assert!(fixture.send(&flood.to_string(), &body));
    }
    assert_eq!(fixture.count("hints_dropped_total{account=\"main\"}"), 1000);
    assert_eq!(fixture.due().len(), BATCH_SIZE);
}

#[tokio::test]
async fn a_reload_keeps_the_used_trace_ids() {
    let before = Fixture::new(None);
    assert!(before.send("1", "{}"));
    let after = Fixture::after(Some(&before.webhook), None);
    assert!(!after.webhook.admit(&headers("tok-1", "1")));
    assert_eq!(before.result("replayed"), 1);
}

/// What came to a receiver.
type Received = (HeaderMap, Bytes);

/// A receiver that answers with each of `statuses` in turn, the last for ever.
async fn receiver(statuses: &'static [u16]) -> (String, UnboundedReceiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?key=1", listener.local_addr().unwrap());
    let (tell, received) = unbounded_channel();
    let nth = Arc::new(Mutex::new(0));
    let service = move |request: http::Request<Incoming>| {
        let (tell, nth) = (tell.clone(), nth.clone());
        async move {
            let status = {
                let mut nth = nth.lock().unwrap();
                *nth += 1;
                statuses[(*nth - 1_usize).min(statuses.len() - 1)]
            };
            assert_eq!(
                (
                    request.method().as_str(),
                    request.uri().path_and_query().unwrap().as_str()
                ),
                ("POST", "/hook?key=1")
            );
            let (head, body) = request.into_parts();
            let _ = tell.send((head.headers, body.collect().await.unwrap().to_bytes()));
            let response = Response::builder().status(status).header("location", "/elsewhere");
            response.body(Full::new(Bytes::new()))
        }
    };
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move {
                let builder = auto::Builder::new(TokioExecutor::new());
                let _ = builder
                    .serve_connection(TokioIo::new(stream), service_fn(service))
                    .await;
            });
        }
    });
    (url, received)
}

async fn next(received: &mut UnboundedReceiver<Received>) -> Received {
    timeout(Duration::from_secs(30), received.recv())
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn admitted_requests_are_relayed_unchanged_and_others_are_not() {
    let (url, mut received) = receiver(&[200]).await;
    let fixture = Fixture::new(Some(&url));
    assert!(!fixture.webhook.admit(&headers("tok-2", "0")));
    for (trace_id, body) in [("1", r#"{ "type":1, "id":"a","username":"u" }"#), ("2", "not json")] {
        fixture.send(trace_id, body);
        let (headers, bytes) = next(&mut received).await;
        assert_eq!(bytes, body);
        assert_eq!(
            (&headers["authorization"], &headers["traceid"]),
            (&"Bearer tok-1".parse().unwrap(), &trace_id.parse().unwrap())
        );
        assert_eq!(headers["content-type"], "application/json");
        assert!(!headers.contains_key("cookie"));
    }
}

#[tokio::test]
async fn a_receiver_that_fails_is_tried_again_and_one_that_refuses_is_not() {
    let (url, mut received) = receiver(&[503, 200, 307, 404, 200]).await;
    let fixture = Fixture::new(Some(&url));
    for trace_id in ["1", "2", "3", "4"] {
        fixture.send(trace_id, "{}");
    }
    let mut order = Vec::new();
    for _ in 0..5 {
        let (headers, _) = next(&mut received).await;
        order.push(headers["traceid"].to_str().unwrap().to_owned());
    }
    assert_eq!(order, ["1", "1", "2", "3", "4"]);
    assert_eq!(fixture.count("relay_failures_total{account=\"main\"}"), 2);
}

#[tokio::test]
async fn a_receiver_that_never_answers_blocks_no_webhook_and_the_queue_is_bounded() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let fixture = Fixture::new(Some(&format!("http://{}/", listener.local_addr().unwrap())));
    fixture.send("first", "{}");
    // The worker has taken the first off the queue once the receiver sees it.
    let _silent = listener.accept().await.unwrap();
    for number in 0..140 {
        fixture.send(&number.to_string(), "{}");
    }
    assert_eq!(fixture.count("relay_dropped_total{account=\"main\"}"), 140 - 128);
    assert_eq!(fixture.result("ignored"), 141);
}

#[tokio::test]
async fn a_reload_keeps_the_requests_that_wait_for_the_same_receiver() {
    let (url, _received) = receiver(&[200]).await;
    let before = Fixture::new(Some(&url));
    let after = Fixture::after(Some(&before.webhook), Some(&url));
    let elsewhere = Fixture::after(Some(&before.webhook), Some("http://127.0.0.1:1/"));
    let relay = |fixture: &Fixture| fixture.webhook.relay.clone().unwrap();
    assert!(Arc::ptr_eq(&relay(&before), &relay(&after)));
    assert!(!Arc::ptr_eq(&relay(&before), &relay(&elsewhere)));
}
