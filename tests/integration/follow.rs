//! Files that the configuration names are followed. The configuration file itself is read only at a reload.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::time::sleep;

use crate::support::{FAST, Launch, Samples, Upstream, eventually};

/// The number of phones with a status.
fn shown(samples: &Samples) -> usize {
    samples.of("phone_status").len()
}

/// An account with its token and ids in files, as Kubernetes mounts them: `secret -> ..data/secret`, `..data -> version`.
fn mounted(upstream: &Upstream) -> Launch {
    let launch = Launch::configured(&format!(
        "accounts:\n  - name: main\n    base_url: {}\n    token_file: mount/token\n    phones: {{files: [mount/ids]}}\n{FAST}",
        upstream.url
    ));
    fs::create_dir(launch.path("mount")).unwrap();
    for file in ["token", "ids"] {
        symlink(Path::new("..data").join(file), launch.path("mount").join(file)).unwrap();
    }
    launch
}

/// Publishes a version as Kubernetes does: with a new folder and one rename.
fn publish(mount: &Path, version: &str, token: &str, ids: &[String]) {
    fs::create_dir(mount.join(version)).unwrap();
    fs::write(mount.join(version).join("token"), format!("{token}\n")).unwrap();
    fs::write(mount.join(version).join("ids"), ids.join("\n")).unwrap();
    symlink(version, mount.join("..next")).unwrap();
    fs::rename(mount.join("..next"), mount.join("..data")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_token_and_an_edited_id_file_take_effect_without_a_reload() {
    let upstream = Upstream::start(&["--phones=12", "--token=second-token"]).await;
    let launch = mounted(&upstream);
    let mount = launch.path("mount");
    publish(&mount, "..1", "first-token", &upstream.ids[..5]);
    let exporter = launch.start().await;
    exporter.ready().await;
    let samples = exporter.samples().await;
    assert_eq!((shown(&samples), samples.value("geelark_up", &[])), (0, Some(0.0)));

    publish(&mount, "..2", "second-token", &upstream.ids[..5]);
    exporter
        .until("the new token to be used", |samples| shown(samples) == 5)
        .await;
    publish(&mount, "..3", "second-token", &upstream.ids);
    exporter
        .until("the new ids to be watched", |samples| shown(samples) == 12)
        .await;
    let output = exporter.end(Signal::SIGTERM).await;
    for token in ["first-token", "second-token"] {
        assert!(!output.text.contains(token), "{}", output.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_followed_file_changes_nothing() {
    let upstream = Upstream::start(&["--phones=3"]).await;
    let launch = mounted(&upstream);
    let mount = launch.path("mount");
    publish(&mount, "..1", "demo-token", &upstream.ids[..2]);
    let exporter = launch.start().await;
    exporter.until("two phones", |samples| shown(samples) == 2).await;

    publish(&mount, "..2", "", &upstream.ids);
    let samples = exporter
        .until("the failed reload to be shown", |samples| {
            samples.value("geelark_exporter_config_last_reload_successful", &[]) == Some(0.0)
        })
        .await;
    assert_eq!(shown(&samples), 2);
    publish(&mount, "..3", "demo-token", &upstream.ids);
    exporter
        .until("three phones", |samples| {
            shown(samples) == 3 && samples.value("geelark_exporter_config_last_reload_successful", &[]) == Some(1.0)
        })
        .await;
    let output = exporter.end(Signal::SIGTERM).await;
    let messages = output.text.matches("configuration not reloaded").count();
    assert_eq!(messages, 1, "one message for each change: {}", output.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_followed_file_does_not_apply_an_edited_configuration() {
    let upstream = Upstream::start(&["--phones=3"]).await;
    let launch = mounted(&upstream);
    let (mount, config) = (launch.path("mount"), launch.path("geelark.yml"));
    publish(&mount, "..1", "demo-token", &upstream.ids[..1]);
    let exporter = launch.start().await;
    exporter.until("a phone", |samples| shown(samples) == 1).await;

    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("name: main", "name: half-edited")).unwrap();
    publish(&mount, "..2", "demo-token", &upstream.ids);
    let samples = exporter.until("three phones", |samples| shown(samples) == 3).await;
    let account = |samples: &Samples, name: &str| samples.value("geelark_up", &[("account", name)]).is_some();
    assert!(account(&samples, "main") && !account(&samples, "half-edited"));

    exporter.signal(Signal::SIGHUP);
    eventually("the reload", || async {
        let samples = exporter.samples().await;
        (account(&samples, "half-edited") && !account(&samples, "main")).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_being_rewritten_in_place_is_read_when_it_is_complete() {
    let upstream = Upstream::start(&["--phones=40"]).await;
    let launch = mounted(&upstream);
    let mount = launch.path("mount");
    publish(&mount, "..1", "demo-token", &upstream.ids[..30]);
    let exporter = launch.start().await;
    exporter.until("thirty phones", |samples| shown(samples) == 30).await;

    // A program that writes a list line by line, for longer than two looks take.
    let ids = upstream.ids.clone();
    let path = mount.join("ids");
    let writer = tokio::spawn(async move {
        let mut file = fs::File::create(path).unwrap();
        for id in ids {
            writeln!(file, "{id}").unwrap();
            sleep(Duration::from_millis(75)).await;
        }
    });
    while !writer.is_finished() {
        assert_eq!(shown(&exporter.samples().await), 30);
        sleep(Duration::from_millis(50)).await;
    }
    exporter
        .until("the complete list to be watched", |samples| shown(samples) == 40)
        .await;
}
