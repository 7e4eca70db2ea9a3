//! Processes in a row under paused time, ended and killed at any moment: what the server sees of them together.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use tokio::task::JoinSet;
use tokio::time::sleep;

use super::*;
use crate::budget::{Budget, WINDOW};
use crate::clock::Clock;

const SECOND: Duration = Duration::from_secs(1);

/// When calls reached the server.
type Arrivals = Arc<Mutex<Vec<Instant>>>;

/// One process, busy with as many calls as its budget lets through.
struct Process {
    budget: Arc<Budget>,
    calls: JoinSet<()>,
}

/// What a process left behind, and when it wrote that down.
struct Left {
    spent: Spent,
    written: UnixMillis,
    ending: Ending,
}

impl Process {
    fn start(budget: Budget, slowest: Duration, arrivals: &Arrivals, random: &mut fastrand::Rng) -> Self {
        let budget = Arc::new(budget);
        let mut calls = JoinSet::new();
        for _ in 0..12 {
            let (budget, arrivals, mut random) = (budget.clone(), arrivals.clone(), random.fork());
            calls.spawn(async move {
                loop {
                    let permit = budget.take().await;
                    let latency = slowest.mul_f64(random.f64());
                    arrivals
                        .lock()
                        .unwrap()
                        .push(Instant::now() + latency.mul_f64(random.f64()));
                    sleep(latency).await;
                    drop(permit);
                }
            });
        }
        Self { budget, calls }
    }

    /// Ends it here and now. What it had sent still arrives, or never does.
    async fn end(mut self, arrivals: &Arrivals) -> Arc<Budget> {
        self.calls.shutdown().await;
        let last = Instant::now() + RESTART_GAP;
        arrivals.lock().unwrap().retain(|arrival| *arrival <= last);
        self.budget
    }
}

fn resume(most: NonZeroU32, in_flight: usize, left: Option<&Left>, clock: &Clock) -> Budget {
    match left {
        Some(left) => {
            let past = ElapsedSinceSave::new(left.written, clock.now());
            Budget::resume(most, in_flight, &left.spent, past, left.ending)
        }
        None => Budget::new(most, in_flight),
    }
}

fn left(budget: &Budget, clock: &Clock, ending: Ending) -> Left {
    let now = clock.now();
    Left {
        spent: budget.spent(now),
        written: now.millis(),
        ending,
    }
}

fn assert_within(arrivals: &Arrivals, most: NonZeroU32, context: &str) {
    let mut arrivals = arrivals.lock().unwrap().clone();
    arrivals.sort();
    for window in arrivals.windows(whole(most) + 1) {
        let span = window[whole(most)] - window[0];
        assert!(span > WINDOW, "{} calls in {span:?}: {context}", window.len());
    }
}

fn clock() -> Clock {
    Clock::starting_at(SystemTime::UNIX_EPOCH + 1_000_000 * SECOND)
}

#[tokio::test(start_paused = true)]
async fn no_minute_holds_more_than_the_budget_however_processes_end() {
    for seed in 0..80 {
        let mut random = fastrand::Rng::with_seed(seed);
        let most = NonZeroU32::new(random.u32(1..=40)).unwrap();
        let in_flight = random.usize(1..=8);
        let slowest = Duration::from_millis(random.u64(1..=20_000));
        let clock = clock();
        let arrivals = Arrivals::default();
        let mut before: Option<Left> = None;
        for _ in 0..6 {
            let budget = resume(most, in_flight, before.as_ref(), &clock);
            // As the exporter does: what is there is no clean end of anybody any more.
            if let Some(before) = &mut before {
                before.ending = Ending::Unclean;
            }
            let process = Process::start(budget, slowest, &arrivals, &mut random);
            for _ in 0..random.u32(0..4) {
                sleep(Duration::from_millis(random.u64(0..30_000))).await;
                before = Some(left(&process.budget, &clock, Ending::Unclean));
            }
            sleep(Duration::from_millis(random.u64(0..30_000))).await;
            let budget = process.end(&arrivals).await;
            if random.bool() || before.is_none() {
                before = Some(left(&budget, &clock, Ending::Clean));
            }
            if random.bool() {
                sleep(Duration::from_millis(random.u64(0..90_000))).await;
            }
        }
        let context = format!("seed {seed}, {most} a minute, {in_flight} in flight, latency to {slowest:?}");
        assert_within(&arrivals, most, &context);
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_set_back_lets_nothing_through_and_locks_nothing_for_long() {
    let most = NonZeroU32::new(30).unwrap();
    let arrivals = Arrivals::default();
    let mut random = fastrand::Rng::with_seed(3);
    let process = Process::start(Budget::new(most, 4), 5 * SECOND, &arrivals, &mut random);
    sleep(50 * SECOND).await;
    let budget = process.end(&arrivals).await;
    let left = left(&budget, &clock(), Ending::Clean);
    let yesterday = Clock::starting_at(SystemTime::UNIX_EPOCH + 900_000 * SECOND);
    let budget = resume(most, 4, Some(&left), &yesterday);
    let start = Instant::now();
    drop(budget.take().await);
    assert!(start.elapsed() < 15 * SECOND, "{:?}", start.elapsed());
    let process = Process::start(budget, 5 * SECOND, &arrivals, &mut random);
    sleep(200 * SECOND).await;
    process.end(&arrivals).await;
    assert_within(&arrivals, most, "the clock was set back");
}

#[tokio::test(start_paused = true)]
async fn after_a_clean_end_what_is_spent_is_known_and_nothing_more_is_assumed() {
    let clock = clock();
    let ten = NonZeroU32::new(10).unwrap();
    let before = Budget::new(ten, 4);
    for _ in 0..10 {
        drop(before.take().await);
    }
    let left = left(&before, &clock, Ending::Clean);
    assert_eq!(left.spent.ends.len(), 10);
    let start = Instant::now();
    let after = resume(ten, 4, Some(&left), &clock);
    drop(after.take().await);
    // The first of the ten was 54 seconds ago.
    assert_eq!(start.elapsed().as_secs(), 7, "{:?}", start.elapsed());

    let idle = Left {
        spent: Spent {
            ends: Vec::new(),
            ..left.spent
        },
        ..left
    };
    let start = Instant::now();
    drop(resume(ten, 4, Some(&idle), &clock).take().await);
    assert_eq!(start.elapsed(), 6 * SECOND, "one spacing, and no silence before it");
}

#[tokio::test(start_paused = true)]
async fn after_an_unclean_end_the_pause_is_a_few_spacings() {
    let clock = clock();
    let hundred = NonZeroU32::new(100).unwrap();
    for age in [0, 5, 30, 300, 86_400] {
        let before = Budget::new(hundred, 4);
        for _ in 0..100 {
            drop(before.take().await);
        }
        let left = left(&before, &clock, Ending::Unclean);
        sleep(age * SECOND).await;
        let start = Instant::now();
        drop(resume(hundred, 4, Some(&left), &clock).take().await);
        let pause = start.elapsed();
        assert!((RESTART_GAP..6 * SECOND).contains(&pause), "{pause:?} after {age} s");
    }
}

#[tokio::test(start_paused = true)]
async fn numbers_that_no_exporter_wrote_do_no_harm() {
    let clock = clock();
    let one = NonZeroU32::MIN;
    let now = clock.now();
    let spent = Spent {
        requests_per_minute: NonZeroU32::MAX,
        max_in_flight: usize::MAX,
        in_flight: usize::MAX,
        ends: vec![UnixMillis(0), UnixMillis(u64::MAX), now.millis()],
    };
    let past = ElapsedSinceSave::new(now.millis(), now);
    let ends = spent.latest_ends(past, Ending::Clean);
    assert!(ends.iter().all(|end| *end <= Instant::from_std(now.mono) + RESTART_GAP));
    drop(Budget::resume(one, 1, &spent, past, Ending::Clean).take().await);
}
