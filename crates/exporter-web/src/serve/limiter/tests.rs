//! Which connection closes, and when.

use tokio::task::{JoinHandle, yield_now};
use tokio::time::advance;

use super::*;

type Permit = Arc<ConnectionPermit>;

fn limiter(connections: usize) -> Arc<ConnectionLimiter> {
    let limits = ConnectionLimits::default();
    Arc::new(ConnectionLimiter::new(ConnectionLimits { connections, ..limits }))
}

fn closed(permit: &Permit) -> bool {
    permit.close.is_cancelled()
}

async fn pass(seconds: u64) {
    advance(Duration::from_secs(seconds)).await;
}

/// A new connection that waits for its slot.
async fn newcomer(limiter: &Arc<ConnectionLimiter>) -> JoinHandle<Permit> {
    let limiter = limiter.clone();
    let waiting = tokio::spawn(async move { limiter.admit().await });
    yield_now().await;
    waiting
}

#[tokio::test(start_paused = true)]
async fn the_oldest_connection_without_a_request_closes_first() {
    let limiter = limiter(3);
    let idle = limiter.admit().await;
    drop(idle.request(false));
    pass(1).await;
    let silent = limiter.admit().await;
    pass(1).await;
    let younger = limiter.admit().await;
    let waiting = newcomer(&limiter).await;
    assert_eq!([&idle, &silent, &younger].map(closed), [false, true, false]);
    assert!(!waiting.is_finished());
    drop(silent);
    waiting.await.unwrap();
    assert_eq!([&idle, &younger].map(closed), [false, false]);
}

#[tokio::test(start_paused = true)]
async fn then_the_connection_closes_that_has_been_idle_longest() {
    let limiter = limiter(2);
    let (first, second) = (limiter.admit().await, limiter.admit().await);
    drop(second.request(false));
    pass(1).await;
    drop(first.request(false));
    let _waiting = newcomer(&limiter).await;
    assert_eq!([&first, &second].map(closed), [false, true]);
}

#[tokio::test(start_paused = true)]
async fn new_connections_wait_for_running_requests() {
    let limiter = limiter(1);
    let busy = limiter.admit().await;
    let request = busy.request(false);
    // One for each of two listeners.
    let waiting = [newcomer(&limiter).await, newcomer(&limiter).await];
    pass(1).await;
    assert!(!waiting.iter().any(JoinHandle::is_finished) && !closed(&busy));
    drop(request);
    drop(busy);
    for waiting in waiting {
        waiting.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_closes_when_its_response_makes_no_progress_for_a_while() {
    let limiter = limiter(1);
    let slow = limiter.admit().await;
    let request = slow.request(false);
    pass(4).await;
    slow.wrote();
    pass(4).await;
    let waiting = newcomer(&limiter).await;
    assert!(!closed(&slow));
    pass(5).await;
    yield_now().await;
    assert!(closed(&slow));
    drop((request, slow));
    waiting.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn fewer_connections_are_open_for_a_while_after_descriptors_ran_out() {
    let limiter = limiter(100);
    let mut permits = Vec::new();
    for _ in 0..40 {
        permits.push(limiter.admit().await);
    }
    limiter.shrink();
    yield_now().await;
    assert_eq!(permits.iter().filter(|permit| closed(permit)).count(), 16);
    permits.retain(|permit| !closed(permit));
    assert_eq!(limiter.open().len(), 24);
    yield_now().await;
    let requests: Vec<_> = permits.iter().map(|permit| permit.request(false)).collect();
    let waiting = newcomer(&limiter).await;
    assert!(!waiting.is_finished());
    pass(600).await;
    waiting.await.unwrap();
    drop(requests);
}

#[tokio::test(start_paused = true)]
async fn each_phase_has_its_deadline() {
    let limiter = limiter(9);
    let silent = limiter.admit().await;
    let idle = limiter.admit().await;
    drop(idle.request(false));
    let trickling = limiter.admit().await;
    drop(trickling.request(false));
    let busy = limiter.admit().await;
    let _request = busy.request(true);
    let all = [&silent, &idle, &trickling, &busy];

    pass(9).await;
    trickling.read();
    limiter.close_overdue();
    assert_eq!(all.map(closed), [false; 4]);
    pass(1).await;
    limiter.close_overdue();
    assert_eq!(all.map(closed), [true, false, false, false]);
    pass(9).await;
    trickling.read();
    limiter.close_overdue();
    assert_eq!(all.map(closed), [true, false, true, false]);
    pass(41).await;
    busy.wrote();
    limiter.close_overdue();
    assert_eq!(all.map(closed), [true, false, true, true]);
    pass(120).await;
    limiter.close_overdue();
    assert_eq!(all.map(closed), [true; 4]);
}

#[tokio::test(start_paused = true)]
async fn http2_frames_between_requests_begin_no_request() {
    let permit = limiter(1).admit().await;
    drop(permit.request(true));
    permit.read();
    assert!(matches!(permit.phase(), Phase::Idle(_)));
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_busy_until_its_last_request_ends() {
    let permit = limiter(1).admit().await;
    let (first, second) = (permit.request(true), permit.request(true));
    drop(first);
    assert!(matches!(permit.phase(), Phase::Busy(_)));
    drop(second);
    assert!(matches!(permit.phase(), Phase::Idle(_)));
}

#[tokio::test(start_paused = true)]
async fn close_pending_spares_running_requests() {
    let limiter = limiter(9);
    let (silent, busy) = (limiter.admit().await, limiter.admit().await);
    let _request = busy.request(false);
    limiter.close_pending();
    assert_eq!([&silent, &busy].map(closed), [true, false]);
}
