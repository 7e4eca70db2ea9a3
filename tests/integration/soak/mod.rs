//! Minutes of everything at once: accelerated fleets, random faults, clients of several kinds, edited and reloaded files.
//! Each scrape must be consistent. At the end, the metrics must match the simulators, and the process must not have grown.
//!
//! `make test` runs this for a minute of real time, `make soak` for [`MINUTES`] with the release build. [`SEED`] repeats the
//! random choices of a run, but not its timing.

mod clients;
mod editor;
mod fault_schedule;
mod fixture;
mod process_stats;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fastrand::Rng;
use nix::sys::signal::Signal;
use reqwest::StatusCode;
use serde_json::json;
use tokio::join;

use crate::scrape::{shown, truth};
use crate::support::{Exporter, Samples, eventually};
use clients::Client;
use editor::Editor;
use fixture::Fixture;
use process_stats::ProcessStats;

/// The duration in minutes. The default is one.
const MINUTES: &str = "SOAK_MINUTES";
/// The seed of the random choices. The default is 1.
const SEED: &str = "SOAK_SEED";
/// The exporter's program. The default is the one that was built with the tests.
const PROGRAM: &str = "SOAK_PROGRAM";

/// The most KiB of memory that the last quarter may have beyond the second.
///
/// Without a leak, memory varies by one or two MiB, because bodies of up to a megabyte fragment the allocator's arenas. A
/// run of ten minutes makes about 4,000 scrapes between the middles of these quarters, so a leak of a kilobyte in each
/// exceeds this limit.
const MEMORY_GROWTH: u64 = 4 * 1024;

/// The number of threads that the process may have beyond those at the start. tokio keeps the threads that read files for
/// ten seconds.
const EXTRA_THREADS: u64 = 8;

#[tokio::test(flavor = "multi_thread")]
async fn metrics_stay_correct_and_the_process_does_not_grow() {
    let (minutes, seed) = (number(MINUTES), number(SEED));
    let mut rng = Rng::with_seed(seed);
    println!("soaking for {minutes} minutes, {SEED}={seed}");
    let (fixture, mut launch) = Fixture::open(seed).await;
    if let Ok(program) = std::env::var(PROGRAM) {
        launch = launch.program(program);
    }
    let exporter = launch.start().await;
    exporter.ready().await;
    let at_start = ProcessStats::of(exporter.pid());

    let end = Instant::now() + Duration::from_secs(minutes * 60);
    let url = exporter.url.as_str();
    let mut client = || Client::new(&fixture, url, rng.fork());
    let [plain, gzip, more_gzip, slow, hostile] = [client(), client(), client(), client(), client()];
    let mut faults =
        |number: usize| fault_schedule::run(&fixture.upstreams[number], fixture.invalid_id(number), rng.fork(), end);
    let [faults_0, faults_1, faults_2] = [faults(0), faults(1), faults(2)];
    let editor = Editor {
        fixture: &fixture,
        url,
        pid: exporter.pid(),
        rng: rng.fork(),
    };
    let (plain, gzip, more_gzip, slow, hostile, faults_0, faults_1, faults_2, edits, quarters) = join!(
        plain.scrape("identity", end),
        gzip.scrape("gzip", end),
        more_gzip.scrape("gzip", end),
        slow.scrape_slowly(end),
        hostile.misbehave(end),
        faults_0,
        faults_1,
        faults_2,
        editor.run(end),
        process_stats::quarters(exporter.pid(), end),
    );
    let recovery = wait_for_recovery(&exporter, &fixture).await;
    let rest = wait_for_rest(&exporter, at_start).await;

    let mut calls = 0;
    for upstream in &fixture.upstreams {
        calls += upstream.calls().await.total;
    }
    println!(
        "{} scrapes ({slow} of them slow), {hostile} hostile requests, {edits} edits and reloads, {} changes of faults, {calls} calls; \
         recovery took {recovery:?} after the last fault\nat the start: {at_start:?}\nquarters: {quarters:#?}\nat rest: {rest:?}",
        plain + gzip + more_gzip + slow,
        faults_0 + faults_1 + faults_2,
    );
    let [_, settled, _, last] = quarters;
    assert!(
        last.memory <= settled.memory + MEMORY_GROWTH,
        "memory grew from {} to {} KiB",
        settled.memory,
        last.memory
    );
    let output = exporter.end(Signal::SIGTERM).await;
    assert_eq!(output.status.code(), Some(0), "{}", output.text);
    for line in output.text.lines() {
        let expected = !line.contains("level=error") || line.contains("configuration not reloaded");
        assert!(expected && !line.contains("panicked"), "{line}");
        assert!(!line.contains("wrong-token") && !line.contains("wrong-key"), "{line}");
    }
}

/// The number in an environment variable, or 1.
fn number(name: &str) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is {text:?}, which is not a whole number")),
        Err(_) => 1,
    }
}

/// Removes all faults and freezes all phones. Returns the time until the metrics match the simulators.
async fn wait_for_recovery(exporter: &Exporter, fixture: &Fixture) -> Duration {
    let mut wanted = BTreeMap::new();
    for upstream in &fixture.upstreams {
        upstream.faults(json!([])).await;
        for phone in upstream.phones().await {
            upstream
                .change(phone["id"].as_str().unwrap(), json!({"frozen": true}))
                .await;
        }
        wanted.extend(truth(upstream).await);
    }
    fixture.write("geelark.yml", fixture.default_config());
    fixture.write("ids", fixture.ids(true));
    assert_eq!(exporter.post("/-/reload").await.status(), StatusCode::OK);
    let start = Instant::now();
    // A rejected id is left out for ten minutes, so it may be missing. If it is shown, it must be correct.
    let invalid_ids: Vec<&str> = (0..fixture.upstreams.len())
        .map(|number| fixture.invalid_id(number))
        .collect();
    let is_correct = |samples: &Samples| {
        let (up, mut shown) = (samples.of("geelark_up"), shown(samples));
        for invalid_id in &invalid_ids {
            if let Some(phone) = wanted.get(*invalid_id) {
                shown.entry((*invalid_id).to_owned()).or_insert_with(|| phone.clone());
            }
        }
        up.len() == fixture.upstreams.len() && up.iter().all(|up| up.value == 1.0) && shown == wanted
    };
    exporter.until("metrics that match the simulators", is_correct).await;
    start.elapsed()
}

/// Waits until the process has released its descriptors and threads.
async fn wait_for_rest(exporter: &Exporter, at_start: ProcessStats) -> ProcessStats {
    eventually("descriptors and threads to be released", || async {
        let now = ProcessStats::of(exporter.pid());
        // Each account may keep up to four connections to GeeLark open.
        let descriptors = at_start.descriptors + 4 * 3;
        (now.descriptors <= descriptors && now.threads <= at_start.threads + EXTRA_THREADS).then_some(now)
    })
    .await
}
