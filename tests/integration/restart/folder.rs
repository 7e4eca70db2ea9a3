//! Problems with the folder of the state.

use std::fs;

use nix::sys::signal::Signal;

use super::{config, end, state};
use crate::support::{Exporter, FAST, Launch, Upstream, eventually};

const SUCCESSFUL: &str = "geelark_exporter_state_last_write_successful";
const WRITTEN: &str = "geelark_exporter_state_last_write_timestamp_seconds";

#[tokio::test(flavor = "multi_thread")]
async fn without_state_path_there_are_no_metrics_of_the_state() {
    let upstream = Upstream::start(&["--phones=1"]).await;
    let samples = Exporter::start(&upstream.config(FAST)).await.samples().await;
    assert_eq!(
        (samples.value(SUCCESSFUL, &[]), samples.value(WRITTEN, &[])),
        (None, None)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_exporter_with_the_same_folder_does_not_start() {
    let upstream = Upstream::start(&["--phones=1"]).await;
    let first = Exporter::start(&config(&upstream, FAST)).await;
    first.ready().await;
    let second = Launch::again(first.dir.clone())
        .arg("--web.listen-address=127.0.0.1:0")
        .run()
        .await;
    let folder = first.dir.path().join("state");
    let sentence = "(state.path) is in use by another exporter; end that one first, or give each a folder of its own";
    assert_eq!(
        second.outcome(),
        (Some(1), &*format!("{} {sentence}\n", folder.display()))
    );
    let (launch, _) = end(first, Signal::SIGKILL).await;
    launch.start().await.ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_created_is_logged_and_shown() {
    let upstream = Upstream::start(&["--phones=3"]).await;
    let config = format!("{}state: {{path: /proc/geelark_exporter}}\n", upstream.config(FAST));
    let exporter = Exporter::start(&config).await;
    exporter.ready().await;
    let samples = exporter.samples().await;
    assert_eq!(
        (samples.value(SUCCESSFUL, &[]), samples.value(WRITTEN, &[])),
        (Some(0.0), Some(0.0))
    );
    assert_eq!(samples.of("phone_status").len(), 3);
    let (_, output) = end(exporter, Signal::SIGTERM).await;
    let line = "cannot create the folder /proc/geelark_exporter: No such file or directory (os error 2)";
    assert_eq!(output.text.matches(line).count(), 1, "{}", output.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_logged_and_shown_and_keeps_the_old_file() {
    let upstream = Upstream::start(&["--phones=250"]).await;
    let exporter = Exporter::start(&config(&upstream, FAST)).await;
    exporter.ready().await;
    let (launch, _) = end(exporter, Signal::SIGKILL).await;
    let exporter = launch.start().await;
    exporter.ready().await;
    let (launch, _) = end(exporter, Signal::SIGTERM).await;

    let exporter = launch.file_blocks(16).start().await;
    let before = state(&exporter).unwrap();
    let samples = exporter.samples().await;
    assert_eq!(samples.value(SUCCESSFUL, &[]), Some(0.0));
    assert_eq!(
        samples.of("phone_status").len(),
        250,
        "the file is loaded although it cannot be written"
    );
    exporter.ready().await;
    // A reload writes the file.
    exporter.signal(Signal::SIGHUP);
    eventually("a reload", || async {
        exporter.output().contains("configuration reloaded").then_some(())
    })
    .await;
    assert_eq!(state(&exporter).unwrap(), before);
    let (launch, output) = end(exporter, Signal::SIGTERM).await;
    let line = "state.json: File too large (os error 27)";
    assert_eq!(output.text.matches(line).count(), 1, "{}", output.text);

    let exporter = launch.start().await;
    let samples = exporter.samples().await;
    assert_eq!(samples.value(SUCCESSFUL, &[]), Some(1.0));
    assert_eq!(samples.of("phone_status").len(), 250);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_set_aside() {
    let upstream = Upstream::start(&["--phones=3"]).await;
    let exporter = Exporter::start(&config(&upstream, FAST)).await;
    exporter.ready().await;
    let (launch, _) = end(exporter, Signal::SIGTERM).await;
    let path = launch.path("state/state.json");
    let mut bytes = fs::read(&path).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(&path, bytes).unwrap();
    let exporter = launch.start().await;
    exporter.ready().await;
    let output = exporter.output();
    let sentence = "is cut off or altered: its checksum is wrong; the exporter starts without the saved state, and it is set aside as state.json.bad-";
    assert_eq!(output.matches(sentence).count(), 1, "{output}");
    assert_eq!(exporter.samples().await.value(SUCCESSFUL, &[]), Some(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_folder_takes_effect_at_the_next_start() {
    let upstream = Upstream::start(&["--phones=1"]).await;
    let exporter = Exporter::start(&config(&upstream, FAST)).await;
    exporter.configure(&config(&upstream, FAST).replace("path: state", "path: elsewhere"));
    exporter.signal(Signal::SIGHUP);
    eventually("a warning", || async {
        exporter
            .output()
            .contains("state.path changed; the change takes effect at the next start")
            .then_some(())
    })
    .await;
    assert!(state(&exporter).is_some());
    assert!(!exporter.dir.path().join("elsewhere").exists());
}
