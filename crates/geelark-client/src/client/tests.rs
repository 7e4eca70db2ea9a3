//! Calls over a scripted transport, under paused time.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::HeaderMap;
use tokio::time::{Instant, advance, sleep};

use super::*;
use crate::phone::Status;
use crate::{BudgetLimits, Endpoint, Failure, FoundPhone, Reason, Reply};

/// Answers in turn, each after a second, and records the calls.
#[derive(Default)]
struct Script {
    replies: Mutex<VecDeque<Reply>>,
    calls: Mutex<Vec<(Instant, Endpoint, HeaderMap, Bytes)>>,
}

impl Transport for Arc<Script> {
    async fn post(&self, endpoint: Endpoint, headers: HeaderMap, body: Bytes) -> Result<Reply, Failure> {
        self.calls
            .lock()
            .unwrap()
            .push((Instant::now(), endpoint, headers, body));
        sleep(Duration::from_secs(1)).await;
        Ok(self.replies.lock().unwrap().pop_front().expect("one call too many"))
    }
}

fn json(body: &str) -> Reply {
    Reply {
        status: 200,
        retry_after: None,
        body: body.to_owned().into(),
    }
}

fn code(code: i64) -> Reply {
    json(&format!(r#"{{"code": {code}}}"#))
}

fn client(replies: impl IntoIterator<Item = Reply>) -> (Client<Arc<Script>>, Arc<Script>) {
    let script = Arc::new(Script {
        replies: Mutex::new(replies.into_iter().collect()),
        ..Script::default()
    });
    let client = Client::new(
        Arc::clone(&script),
        Credentials::Token("tok-1".to_owned().into()),
        Arc::new(Budget::new(limits(60, 2))),
        Arc::default(),
        Clock::starting_at(SystemTime::UNIX_EPOCH),
    );
    (client, script)
}

fn limits(requests_per_minute: u32, max_in_flight: usize) -> BudgetLimits {
    BudgetLimits {
        requests_per_minute: NonZeroU32::new(requests_per_minute).unwrap(),
        max_in_flight,
    }
}

fn ids() -> [PhoneId; 2] {
    ["a", "b"].map(PhoneId::from)
}

#[tokio::test(start_paused = true)]
async fn a_call_is_signed_sent_timed_and_decoded() {
    let (client, script) = client([json(
        r#"{"code": 0, "data": {"successDetails": [{"id": "a", "serialName": "n", "status": 1}]}}"#,
    )]);
    let call = client.phone_status(&ids()).await.unwrap();
    assert_eq!(call.endpoint, Endpoint::PhoneStatus);
    assert_eq!(
        call.elapsed,
        Duration::from_secs(1),
        "waiting for the budget is not part of it"
    );
    let found = FoundPhone {
        id: "a".to_owned(),
        name: Some("n".to_owned()),
        status: Status::STARTING,
    };
    assert_eq!(call.outcome.unwrap().found, [found]);
    let calls = script.calls.lock().unwrap();
    let (_, endpoint, headers, body) = &calls[0];
    assert_eq!(*endpoint, Endpoint::PhoneStatus);
    assert_eq!(headers["traceid"], call.trace_id.to_string());
    assert_eq!(headers["authorization"], "Bearer tok-1");
    assert_eq!(body, r#"{"ids":["a","b"]}"#);
}

#[tokio::test(start_paused = true)]
async fn each_call_has_its_own_trace_id() {
    let (client, _) = client([code(0), code(0)]);
    let first = client.phone_status(&ids()).await.unwrap();
    let second = client.phone_status(&ids()).await.unwrap();
    assert_ne!(first.trace_id, second.trace_id);
    assert_eq!(first.trace_id.get_version_num(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_locked_account_is_not_called() {
    let (client, script) = client([code(40014)]);
    let call = client.phone_status(&ids()).await.unwrap();
    assert_eq!(call.outcome.unwrap_err().reason, Reason::Code(40014));
    let until = Instant::now().into_std() + Duration::from_hours(2);
    let asked = Instant::now();
    for _ in 0..3 {
        assert_eq!(client.phone_status(&ids()).await.unwrap_err(), Blocked { until });
    }
    assert_eq!(
        asked.elapsed(),
        Duration::ZERO,
        "a blocked call does not wait for the budget"
    );
    assert_eq!(client.gate().locked_until(), Some(until));
    assert_eq!(script.calls.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_the_budget_is_not_made_after_a_block() {
    let (client, script) = client([code(40007), code(0)]);
    let client = Arc::new(client);
    let waiting: Vec<_> = (0..5)
        .map(|_| {
            let client = Arc::clone(&client);
            tokio::spawn(async move { client.phone_status(&ids()).await.map(|call| call.outcome) })
        })
        .collect();
    let mut blocked = 0;
    for call in waiting {
        blocked += usize::from(call.await.unwrap().is_err());
    }
    // The first call is answered after a second, when the second call has its permit.
    assert!(blocked >= 3, "{blocked} blocked");
    assert_eq!(script.calls.lock().unwrap().len(), 5 - blocked);
}

#[tokio::test(start_paused = true)]
async fn with_one_call_in_flight_no_call_follows_a_lock() {
    let (client, script) = client([code(47002)]);
    let client = Arc::new(Client {
        budget: Arc::new(Budget::new(limits(6000, 1))),
        ..client
    });
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let client = Arc::clone(&client);
            tokio::spawn(async move { client.phone_status(&ids()).await.is_err() })
        })
        .collect();
    for (number, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await.unwrap(), number > 0);
    }
    assert_eq!(script.calls.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn after_a_block_the_gate_is_half_open_until_a_call_succeeds() {
    let (client, _) = client([code(40017), code(0)]);
    assert!(!client.gate().is_half_open());
    client.phone_status(&ids()).await.unwrap().outcome.unwrap_err();
    advance(Duration::from_mins(1)).await;
    assert!(client.gate().is_half_open());
    client.phone_status(&ids()).await.unwrap().outcome.unwrap();
    assert!(!client.gate().is_half_open());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_counts_and_lets_the_next_one_start() {
    let (client, script) = client([code(0)]);
    let given_up = tokio::time::timeout(Duration::from_millis(2500), client.phone_status(&ids())).await;
    assert!(given_up.is_err());
    assert_eq!(script.calls.lock().unwrap().len(), 1);
    client.phone_status(&ids()).await.unwrap().outcome.unwrap();
    let calls = script.calls.lock().unwrap();
    assert_eq!(calls[1].0 - calls[0].0, Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn no_debug_output_shows_the_token() {
    let (client, _) = client([]);
    let shown = format!("{:?} {:?}", client.credentials, client.budget);
    assert!(!shown.contains("tok-1"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn the_plan_is_requested_once_a_minute_and_not_in_the_first() {
    let start = Instant::now();
    let (client, script) = client((0..3).map(|_| code(0)));
    for _ in 0..3 {
        client.plan().await.unwrap().outcome.unwrap();
    }
    let calls = script.calls.lock().unwrap();
    let ends: Vec<Instant> = calls.iter().map(|(at, ..)| *at + Duration::from_secs(1)).collect();
    assert!(
        calls[0].0 - start >= Duration::from_secs(61),
        "{:?}",
        calls[0].0 - start
    );
    for (end, (next, ..)) in ends.iter().zip(&calls[1..]) {
        assert!(*next - *end >= Duration::from_mins(1), "{:?}", *next - *end);
    }
    assert_eq!((calls[0].1, &calls[0].3[..]), (Endpoint::PayPlanInfo, &b"{}"[..]));
}

#[tokio::test(start_paused = true)]
async fn the_limits_of_endpoints_outlive_a_client() {
    let (first, calls_of_first) = client([code(0)]);
    first.plan().await.unwrap().outcome.unwrap();
    let budget = first.budget.clone();
    drop(first);
    let (second, calls_of_second) = client([code(0)]);
    let second = Client { budget, ..second };
    second.plan().await.unwrap().outcome.unwrap();
    let at = |script: &Script| script.calls.lock().unwrap()[0].0;
    let apart = at(&calls_of_second) - at(&calls_of_first);
    assert!((61.0..63.0).contains(&apart.as_secs_f64()), "{apart:?}");
}

#[tokio::test(start_paused = true)]
async fn the_wallet_is_requested_at_most_ten_times_a_minute() {
    let (client, script) = client((0..40).map(|_| code(0)));
    for _ in 0..40 {
        client.wallet().await.unwrap().outcome.unwrap();
    }
    let calls = script.calls.lock().unwrap();
    for (at, ..) in calls.iter() {
        let within = calls
            .iter()
            .filter(|(other, ..)| *other >= *at && *other - *at < Duration::from_mins(1));
        assert!(within.count() <= 10);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_wallet_blocks_nothing_and_a_lock_blocks_all() {
    let (client, _) = client([code(40015), code(40007), code(0), code(40014)]);
    for reason in [40015, 40007] {
        let call = client.wallet().await.unwrap();
        assert_eq!(call.outcome.unwrap_err().reason, Reason::Code(reason));
    }
    client.phone_status(&ids()).await.unwrap().outcome.unwrap();
    client.wallet().await.unwrap().outcome.unwrap_err();
    client.phone_status(&ids()).await.unwrap_err();
    client.plan().await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_waits_does_not_hold_up_other_calls() {
    let (client, script) = client((0..20).map(|_| code(0)));
    let client = Arc::new(client);
    let plan = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.plan().await.unwrap().outcome.unwrap() }
    });
    tokio::task::yield_now().await;
    let start = Instant::now();
    for _ in 0..19 {
        client.phone_status(&ids()).await.unwrap().outcome.unwrap();
    }
    assert!(start.elapsed() < Duration::from_secs(30));
    plan.await.unwrap();
    assert_eq!(script.calls.lock().unwrap().len(), 20);
}
