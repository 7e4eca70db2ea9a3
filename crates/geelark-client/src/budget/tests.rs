//! Calls as GeeLark sees them, under paused time, with a slow network.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::*;
use ledger::{RESTART_GAP, WINDOW};

const SECOND: Duration = Duration::from_secs(1);

fn budget(requests_per_minute: u32, max_in_flight: usize) -> Arc<Budget> {
    Arc::new(Budget::new(limits(requests_per_minute, max_in_flight)))
}

fn limits(requests_per_minute: u32, max_in_flight: usize) -> BudgetLimits {
    BudgetLimits {
        requests_per_minute: NonZeroU32::new(requests_per_minute).unwrap(),
        max_in_flight,
    }
}

/// A random part of `whole`.
fn part(random: &mut fastrand::Rng, whole: Duration) -> Duration {
    whole.mul_f64(random.f64())
}

/// Makes a call that takes up to `slowest` and reaches the server at a random time before its end. Returns when it
/// reaches the server.
async fn call(budget: &Budget, slowest: Duration, mut random: fastrand::Rng) -> Instant {
    let permit = budget.take().await;
    let latency = part(&mut random, slowest);
    let way = part(&mut random, latency);
    sleep(way).await;
    let arrived = Instant::now();
    sleep(latency.saturating_sub(way)).await;
    drop(permit);
    arrived
}

/// Asserts that no 60 seconds, both ends included, have more than `most` arrivals.
fn assert_within(mut arrivals: Vec<Instant>, most: usize, context: &str) {
    arrivals.sort();
    for pair in arrivals.windows(most + 1) {
        let span = pair[most] - pair[0];
        assert!(span > WINDOW, "{} calls in {span:?}: {context}", most + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn no_minute_has_more_calls_than_the_budget_with_any_delay() {
    for seed in 0..60 {
        let mut random = fastrand::Rng::with_seed(seed);
        let most = random.u32(1..=30);
        let in_flight = random.usize(1..=12);
        let slowest = Duration::from_millis(random.u64(1..=90_000));
        let budget = budget(most, in_flight);
        let calls: Vec<_> = (0..100)
            .map(|_| {
                let (budget, random) = (Arc::clone(&budget), random.fork());
                tokio::spawn(async move { call(&budget, slowest, random).await })
            })
            .collect();
        let mut arrivals = Vec::new();
        for call in calls {
            arrivals.push(call.await.unwrap());
        }
        let context = format!("seed {seed}, {most} a minute, {in_flight} in flight, latency to {slowest:?}");
        assert_within(arrivals, most as usize, &context);
    }
}

#[tokio::test(start_paused = true)]
async fn restarts_in_a_row_keep_the_budget() {
    for seed in 0..60 {
        let mut random = fastrand::Rng::with_seed(seed);
        let most = random.u32(1..=120);
        let mut arrivals = Vec::new();
        for _ in 0..4 {
            // A restart loses the ledger.
            let budget = budget(most, 4);
            for _ in 0..random.u32(1..=most) {
                arrivals.push(call(&budget, Duration::from_millis(900), random.fork()).await);
            }
        }
        assert_within(arrivals, most as usize, &format!("seed {seed}, {most} a minute"));
    }
}

#[tokio::test(start_paused = true)]
async fn calls_are_spread_over_the_minute() {
    let budget = budget(60, 4);
    assert_eq!(budget.limits().spacing(), SECOND);
    let start = Instant::now();
    let mut starts = Vec::new();
    for _ in 0..60 {
        let permit = budget.take().await;
        starts.push(Instant::now());
        sleep(Duration::from_millis(1)).await;
        drop(permit);
    }
    assert_eq!(starts[0] - start, SECOND + RESTART_GAP);
    for pair in starts.windows(2) {
        assert_eq!(pair[1] - pair[0], SECOND);
    }
    assert_eq!(starts[59] - starts[0], 59 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_not_followed_by_a_burst() {
    let budget = budget(60, 4);
    drop(budget.take().await);
    sleep(600 * SECOND).await;
    drop(budget.take().await);
    let second = Instant::now();
    drop(budget.take().await);
    assert_eq!(second.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn waiting_calls_start_in_order() {
    let budget = budget(120, 2);
    let served = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut calls = Vec::new();
    for number in 0..20 {
        let (budget, served) = (Arc::clone(&budget), Arc::clone(&served));
        calls.push(tokio::spawn(async move {
            let _permit = budget.take().await;
            served.lock().unwrap().push(number);
            sleep(SECOND).await;
        }));
        tokio::task::yield_now().await;
    }
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(*served.lock().unwrap(), (0..20).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn at_most_max_in_flight_calls_are_under_way() {
    let budget = budget(600, 2);
    let first = budget.take().await;
    let _second = budget.take().await;
    assert!(timeout(600 * SECOND, budget.take()).await.is_err());
    drop(first);
    let freed = Instant::now();
    drop(budget.take().await);
    assert_eq!(
        freed.elapsed(),
        Duration::ZERO,
        "the end of a call wakes a waiting call"
    );
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_wait_and_an_unspent_permit_lose_nothing() {
    let budget = budget(2, 1);
    for _ in 0..5 {
        assert!(timeout(Duration::from_millis(500), budget.take()).await.is_err());
    }
    for _ in 0..5 {
        budget.take().await.unspent();
    }
    // All slots are still there: two calls go out one spacing apart, the third waits for the first one's slot.
    let start = Instant::now();
    let mut starts = Vec::new();
    for _ in 0..3 {
        drop(budget.take().await);
        starts.push(start.elapsed().as_secs());
    }
    assert_eq!(starts, [30, 60, 90]);
}

#[tokio::test(start_paused = true)]
async fn calls_before_a_change_of_limits_count_after_it() {
    let budget = budget(60, 4);
    let mut arrivals = Vec::new();
    for _ in 0..60 {
        drop(budget.take().await);
        arrivals.push(Instant::now());
    }
    let reload = Instant::now();
    budget.set_limits(limits(30, 4));
    assert_eq!(budget.limits().spacing(), 2 * SECOND);
    drop(budget.take().await);
    // Half of the sixty calls must leave the window before one of the new thirty may start.
    assert!(reload.elapsed() > 30 * SECOND, "{:?}", reload.elapsed());
    arrivals.drain(..31);
    arrivals.push(Instant::now());
    for _ in 0..60 {
        drop(budget.take().await);
        arrivals.push(Instant::now());
    }
    assert_within(arrivals, 30, "after the reload");
}

#[tokio::test(start_paused = true)]
async fn a_change_of_limits_during_calls_keeps_the_budget() {
    let budget = budget(20, 4);
    let mut random = fastrand::Rng::with_seed(7);
    let calls: Vec<_> = (0..100)
        .map(|number| {
            let (budget, random) = (Arc::clone(&budget), random.fork());
            tokio::spawn(async move {
                let arrived = call(&budget, 5 * SECOND, random).await;
                budget.set_limits(limits(20, 2 + number % 3));
                arrived
            })
        })
        .collect();
    let mut arrivals = Vec::new();
    for call in calls {
        arrivals.push(call.await.unwrap());
    }
    assert_within(arrivals, 20, "changed limits");
}

#[tokio::test(start_paused = true)]
async fn reloads_in_a_row_neither_burst_nor_starve() {
    let budget = budget(60, 4);
    let start = Instant::now();
    let mut calls = 0;
    while start.elapsed() < 30 * SECOND {
        if timeout(Duration::from_millis(300), budget.take()).await.is_ok() {
            calls += 1;
        }
        budget.set_limits(limits(60, 4));
    }
    assert!((28..=29).contains(&calls), "{calls} calls in 30 s");
}

#[tokio::test(start_paused = true)]
async fn a_wider_limit_applies_at_once_to_a_waiting_call() {
    let budget = budget(1, 1);
    drop(budget.take().await);
    let start = Instant::now();
    let waiting = tokio::spawn({
        let budget = Arc::clone(&budget);
        async move { drop(budget.take().await) }
    });
    tokio::task::yield_now().await;
    budget.set_limits(limits(60, 1));
    waiting.await.unwrap();
    drop(budget.take().await);
    assert!(start.elapsed() <= 2 * SECOND, "{:?}", start.elapsed());
}
