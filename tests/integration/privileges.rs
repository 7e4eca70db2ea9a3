//! The privileges that the exporter does not need: a user, capabilities, a writable file system, sockets of its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use crate::support::{FAST, Launch, Upstream};

/// The user `nobody`. Container images and DynamicUser= run the exporter as a similar user.
const NOBODY: &str = "65534";

/// Passes a socket as descriptor 3 as systemd does, and executes the program.
const ACTIVATE: &str = "
import os, socket, sys
kind, path = sys.argv[1:3]
held = socket.socket(socket.AF_UNIX if kind == 'unix' else socket.AF_INET)
held.bind(path if kind == 'unix' else ('127.0.0.1', 0))
held.listen()
os.dup2(held.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[3], sys.argv[3:])
";

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Whether the machine can run this command.
fn works(program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(args).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exporter_runs_as_nobody_without_capabilities_on_a_read_only_file_system() {
    let upstream = Upstream::start(&["--phones=3"]).await;
    let config = format!(
        "accounts:\n  - name: main\n    base_url: {}\n    token_file: token\n    phones: {{files: [ids]}}\n{FAST}",
        upstream.url
    );
    let mut launch = Launch::configured(&config).arg("--web.enable-lifecycle");
    fs::write(launch.path("token"), "demo-token\n").unwrap();
    fs::write(launch.path("ids"), upstream.ids.join("\n")).unwrap();
    // A copy, because the user `nobody` may have no access to the checkout.
    let program = launch.path("geelark_exporter");
    fs::copy(env!("CARGO_BIN_EXE_geelark_exporter"), &program).unwrap();
    for file in ["geelark.yml", "token", "ids"] {
        allow(&launch.path(file), 0o444);
    }
    allow(&program, 0o555);
    let files = fs::read_dir(launch.path("")).unwrap().count();
    allow(&launch.path(""), 0o555);

    let read_only = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        "mount -o remount,bind,ro / && exec \"$0\" \"$@\"",
    ];
    let mut probe = read_only[1..].to_vec();
    probe.push("true");
    if is_root() && works(read_only[0], &probe) {
        launch = launch.through(&read_only);
    } else {
        eprintln!("the file system stays writable, because only root can mount it read-only");
    }
    launch = launch.through(&["setpriv", "--no-new-privs"]);
    if is_root() {
        let (user, group) = (format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"));
        launch = launch.through(&[
            &user,
            &group,
            "--clear-groups",
            "--bounding-set=-all",
            "--inh-caps=-all",
        ]);
    }
    let exporter = launch.program(program).start().await;

    if is_root() {
        assert_eq!(exporter.status("Uid"), [NOBODY; 4].join("\t"));
        assert_eq!(exporter.status("Groups"), "");
        assert_eq!(exporter.status("CapBnd"), "0000000000000000");
    }
    assert_eq!(exporter.status("CapEff"), "0000000000000000");
    assert_eq!(exporter.status("NoNewPrivs"), "1");
    exporter.ready().await;
    assert_eq!(exporter.samples().await.of("phone_status").len(), 3);
    assert_eq!(exporter.post("/-/reload").await.status(), 200);
    let calls = upstream.calls().await.total;
    upstream.wait_for_calls(calls + 2).await;
    assert_eq!(exporter.get("/").await.status(), 200);

    let dir = exporter.dir.clone();
    let output = exporter.end(Signal::SIGTERM).await;
    assert_eq!(output.status.code(), Some(0), "{}", output.text);
    assert!(!output.text.contains("level=error"), "{}", output.text);
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        files,
        "the exporter created a file"
    );
    // The test must be able to remove the folder.
    allow(dir.path(), 0o755);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exporter_serves_a_socket_that_systemd_passes() {
    if !works("python3", &["--version"]) {
        return eprintln!("skipped: python3, which stands in for systemd, is not installed");
    }
    let upstream = Upstream::start(&["--phones=3"]).await;
    let exporter = Launch::configured(&upstream.config(""))
        .through(&["python3", "-c", ACTIVATE, "inet", ""])
        .arg("--web.systemd-socket")
        .start_until("listening")
        .await;
    exporter.ready().await;
    assert_eq!(exporter.samples().await.of("phone_status").len(), 3);
    let output = exporter.end(Signal::SIGTERM).await;
    assert_eq!(output.status.code(), Some(0), "{}", output.text);
}

#[tokio::test]
async fn the_exporter_refuses_a_socket_that_is_not_tcp() {
    if !works("python3", &["--version"]) {
        return eprintln!("skipped: python3, which stands in for systemd, is not installed");
    }
    let upstream = Upstream::start(&["--phones=1"]).await;
    let launch = Launch::configured(&upstream.config(""));
    let path = launch.path("socket").display().to_string();
    let output = launch
        .through(&["python3", "-c", ACTIVATE, "unix", &path])
        .arg("--web.systemd-socket")
        .run()
        .await;
    assert_eq!(output.status.code(), Some(1), "{}", output.text);
    let sentence = "socket 0 that systemd passed is not a usable TCP socket";
    assert!(
        output.text.contains(sentence) && output.text.contains("ListenStream="),
        "{}",
        output.text
    );
    let output = Launch::configured(&upstream.config(""))
        .arg("--web.systemd-socket")
        .run()
        .await;
    assert_eq!(output.status.code(), Some(1), "{}", output.text);
    assert!(output.text.contains("systemd passed no socket"), "{}", output.text);
}
