//! The process of the exporter under test.

use std::fmt::Write as _;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::task::JoinHandle;

use super::{Launch, Samples, TIMEOUT, assert_no_secret, eventually, http};

/// A running exporter, which is killed when dropped. In a failing test it prints its configuration and output.
pub(crate) struct Exporter {
    child: Child,
    /// `http://127.0.0.1:port`
    pub(crate) url: String,
    /// The working folder, with the configuration `geelark.yml`.
    pub(crate) dir: Arc<TempDir>,
    args: Vec<String>,
    output: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
    client: reqwest::Client,
}

/// The exit status and the output of a process that ended.
pub(crate) struct Output {
    pub(crate) status: ExitStatus,
    /// Standard output and standard error. A running exporter's lines are in the order in which they arrived.
    pub(crate) text: String,
}

impl Output {
    /// The exit code and the output, for one comparison.
    pub(crate) fn outcome(&self) -> (Option<i32>, &str) {
        (self.status.code(), &self.text)
    }
}

impl Exporter {
    /// Starts an exporter on a free port with this configuration, and waits until it listens.
    pub(crate) async fn start(config: &str) -> Self {
        Launch::configured(config).start().await
    }

    pub(super) async fn launch(launch: Launch, line: &str) -> Self {
        let mut child = launch
            .command()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = Arc::new(Mutex::new(String::new()));
        let readers = vec![
            collect(child.stdout.take().unwrap(), output.clone()),
            collect(child.stderr.take().unwrap(), output.clone()),
        ];
        let mut exporter = Self {
            child,
            url: String::new(),
            dir: launch.dir,
            args: launch.args,
            output,
            readers,
            client: http(),
        };
        exporter.url = exporter.address_in(line).await;
        exporter
    }

    async fn address_in(&mut self, word: &str) -> String {
        let output = self.output.clone();
        let child = Arc::new(Mutex::new(&mut self.child));
        eventually(word, || {
            let ended = child.lock().unwrap().try_wait().unwrap();
            let text = output.lock().unwrap().clone();
            assert!(
                ended.is_none(),
                "the process ended before a line with {word:?}:\n{text}"
            );
            async move {
                let line = text.lines().find(|line| line.contains(word))?.to_owned();
                let at = line.find("127.0.0.1:")?;
                let address: String = line[at..]
                    .chars()
                    .take_while(|c| *c == '.' || *c == ':' || c.is_ascii_digit())
                    .collect();
                Some(format!("http://{address}"))
            }
        })
        .await
    }

    /// The output so far.
    pub(crate) fn output(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str) -> reqwest::Response {
        self.client.post(format!("{}{path}", self.url)).send().await.unwrap()
    }

    /// The metrics as text.
    pub(crate) async fn text(&self) -> String {
        let response = self.get("/metrics").await;
        assert_eq!(response.status(), 200);
        response.text().await.unwrap()
    }

    pub(crate) async fn samples(&self) -> Samples {
        Samples::parse(&self.text().await)
    }

    /// Scrapes until `wanted` accepts the samples.
    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&Samples) -> bool) -> Samples {
        let wanted = &wanted;
        eventually(what, || async move { Some(self.samples().await).filter(wanted) }).await
    }

    /// Waits until each account has finished its first round.
    pub(crate) async fn ready(&self) {
        eventually("readiness", || async {
            (self.get("/-/ready").await.status() == 200).then_some(())
        })
        .await;
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("the exporter is running")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid().try_into().unwrap()), signal).unwrap();
    }

    /// The value of `name` in the kernel's status of the process.
    pub(crate) fn status(&self, name: &str) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("no {name} in {status}"))
            .trim()
            .to_owned()
    }

    /// The resident memory in bytes.
    pub(crate) fn resident(&self) -> u64 {
        let kib: u64 = self.status("VmRSS").strip_suffix(" kB").unwrap().parse().unwrap();
        kib * 1024
    }

    /// Replaces the configuration file, without a reload.
    pub(crate) fn configure(&self, config: &str) {
        std::fs::write(self.dir.path().join("geelark.yml"), config).unwrap();
    }

    /// Sends a signal and waits until the process has ended.
    pub(crate) async fn end(mut self, signal: Signal) -> Output {
        self.signal(signal);
        let status = tokio::time::timeout(TIMEOUT, self.child.wait()).await;
        let status = status.expect("the exporter did not end").unwrap();
        for reader in self.readers.drain(..) {
            reader.await.unwrap();
        }
        Output {
            status,
            text: self.output(),
        }
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return assert_no_secret(&self.output(), "the exporter's output");
        }
        let mut report = format!("geelark_exporter {}\n", self.args.join(" "));
        let config = std::fs::read_to_string(self.dir.path().join("geelark.yml")).unwrap_or_default();
        let start: String = config.chars().take(2000).collect();
        let _ = write!(report, "--- configuration\n{start}\n--- output\n{}", self.output());
        eprintln!("{report}");
    }
}

fn collect(stream: impl AsyncRead + Unpin + Send + 'static, into: Arc<Mutex<String>>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let mut text = into.lock().unwrap();
            text.push_str(&line);
            text.push('\n');
        }
    })
}
