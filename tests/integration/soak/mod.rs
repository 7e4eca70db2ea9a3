//! Minutes of everything at once: fleets that live fast, upstreams that fail in every way, clients of every kind, files
//! that are edited and reloaded. What is always true has to be true of every scrape, and in the end of the process too:
//! it has the truth, and holds no more than it did.
//!
//! `make test` does this for a minute, `make soak` for [`MINUTES`] with the release build. [`SEED`] repeats a run's choices,
//! though not its timing.

mod editor;
mod readers;
mod scene;
mod vitals;
mod weather;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fastrand::Rng;
use nix::sys::signal::Signal;
use reqwest::StatusCode;
use serde_json::json;
use tokio::join;

use crate::scrape::{shown, truth};
use crate::support::{Exporter, Samples, eventually};
use editor::Editor;
use readers::Reader;
use scene::Scene;
use vitals::Vitals;

/// How many minutes to go on; one by default.
const MINUTES: &str = "SOAK_MINUTES";
/// What the choices depend on; 1 by default.
const SEED: &str = "SOAK_SEED";
/// The exporter's program, if not the one that was built with the tests.
const PROGRAM: &str = "SOAK_PROGRAM";

/// How much more memory, in KiB, the process may hold at most in the last quarter than in the second.
///
/// A run at rest wanders by one or two MiB: the allocator keeps what bodies of up to a megabyte have scattered over its
/// arenas. Between the middles of those quarters lie some 4,000 scrapes in ten minutes, so what leaks a kilobyte with each
/// grows past this.
const ALLOWANCE: u64 = 4 * 1024;

/// How many threads may come and go: tokio keeps those that read files and check passwords for ten seconds.
const THREADS: u64 = 8;

#[tokio::test(flavor = "multi_thread")]
async fn it_stays_right_and_of_one_size_whatever_happens() {
    let (minutes, seed) = (number(MINUTES), number(SEED));
    let mut rng = Rng::with_seed(seed);
    println!("soaking for {minutes} minutes, {SEED}={seed}");
    let (scene, mut launch) = Scene::open(seed).await;
    if let Ok(program) = std::env::var(PROGRAM) {
        launch = launch.program(program);
    }
    let exporter = launch.start().await;
    exporter.ready().await;
    let calm = Vitals::of(exporter.pid());

    let end = Instant::now() + Duration::from_secs(minutes * 60);
    let url = exporter.url.as_str();
    let mut reader = || Reader::new(&scene, url, rng.fork());
    let readers = [reader(), reader(), reader(), reader(), reader()];
    let [plain, gzip, more_gzip, slow, odd] = readers;
    let [first, second, guest] = &scene.upstreams;
    let weather = [rng.fork(), rng.fork(), rng.fork()];
    let [weather_0, weather_1, weather_2] = weather;
    let editor = Editor {
        scene: &scene,
        url,
        pid: exporter.pid(),
        rng: rng.fork(),
    };
    let (plain, gzip, more_gzip, slow, odd, faults_0, faults_1, faults_2, edits, quarters) = join!(
        plain.scrape("identity", end),
        gzip.scrape("gzip", end),
        more_gzip.scrape("gzip", end),
        slow.scrape_slowly(end),
        odd.misbehave(end),
        weather::change(first, scene.culprit(0), weather_0, end),
        weather::change(second, scene.culprit(1), weather_1, end),
        weather::change(guest, scene.culprit(2), weather_2, end),
        editor.work(end),
        vitals::quarters(exporter.pid(), end),
    );
    let recovery = recovers(&exporter, &scene).await;
    let rest = comes_to_rest(&exporter, calm).await;

    let mut calls = 0;
    for upstream in &scene.upstreams {
        calls += upstream.calls().await.total;
    }
    println!(
        "{} scrapes ({slow} of them slow), {odd} odd requests, {edits} edits and reloads, {} changes of faults, {calls} calls; \
         the truth {recovery:?} after the last fault\nbefore: {calm:?}\nquarters: {quarters:#?}\nat rest: {rest:?}",
        plain + gzip + more_gzip + slow,
        faults_0 + faults_1 + faults_2,
    );
    let [_, settled, _, last] = quarters;
    assert!(
        last.memory <= settled.memory + ALLOWANCE,
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

/// A number that the environment may give.
fn number(name: &str) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is {text:?}, which is no whole number")),
        Err(_) => 1,
    }
}

/// Takes the faults away and stops the phones' lives; returns how long it took until everything shown was the truth.
async fn recovers(exporter: &Exporter, scene: &Scene) -> Duration {
    let mut wanted = BTreeMap::new();
    for upstream in &scene.upstreams {
        upstream.faults(json!([])).await;
        for phone in upstream.phones().await {
            upstream
                .change(phone["id"].as_str().unwrap(), json!({"frozen": true}))
                .await;
        }
        wanted.extend(truth(upstream).await);
    }
    scene.write("geelark.yml", scene.calm());
    scene.write("ids", scene.ids(true));
    assert_eq!(exporter.post("/-/reload").await.status(), StatusCode::OK);
    let start = Instant::now();
    // An id that was refused is left out for ten minutes: it may be missing, yet not be wrong.
    let culprits: Vec<&str> = (0..scene.upstreams.len()).map(|number| scene.culprit(number)).collect();
    let is_true = |samples: &Samples| {
        let (up, mut shown) = (samples.of("geelark_up"), shown(samples));
        for culprit in &culprits {
            if let Some(phone) = wanted.get(*culprit) {
                shown.entry((*culprit).to_owned()).or_insert_with(|| phone.clone());
            }
        }
        up.len() == scene.upstreams.len() && up.iter().all(|up| up.value == 1.0) && shown == wanted
    };
    exporter.until("the truth", is_true).await;
    start.elapsed()
}

/// Waits until the process holds no more than before.
async fn comes_to_rest(exporter: &Exporter, calm: Vitals) -> Vitals {
    eventually("descriptors and threads to be given back", || async {
        let now = Vitals::of(exporter.pid());
        // Beside the one connection that this asks on, each account may keep a few to GeeLark.
        let descriptors = calm.descriptors + 4 * 3;
        (now.descriptors <= descriptors && now.threads <= calm.threads + THREADS).then_some(now)
    })
    .await
}
