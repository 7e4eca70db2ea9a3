//! The folder, flags and environment of an exporter that is to be started.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::process::Command;

use super::{Exporter, Output, TIMEOUT};

/// Variables that would send calls to 127.0.0.1 through a proxy.
const PROXIES: [&str; 6] = [
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
];

/// A builder of a command line. It removes variables that configure the exporter from the environment.
pub(crate) struct Launch {
    pub(super) dir: Arc<TempDir>,
    pub(super) args: Vec<String>,
    env: Vec<(String, String)>,
    program: PathBuf,
    /// A command that finally executes the program.
    wrapper: Vec<String>,
}

impl Launch {
    /// In a new folder, without flags.
    pub(crate) fn bare() -> Self {
        Self {
            dir: Arc::new(TempDir::new().unwrap()),
            args: Vec::new(),
            env: Vec::new(),
            program: env!("CARGO_BIN_EXE_geelark_exporter").into(),
            wrapper: Vec::new(),
        }
    }

    /// In a new folder, with this configuration file.
    pub(crate) fn configured(config: &str) -> Self {
        let launch = Self::bare();
        std::fs::write(launch.path("geelark.yml"), config).unwrap();
        launch.with_config_flag()
    }

    /// In a folder that already has a configuration file.
    pub(crate) fn again(dir: Arc<TempDir>) -> Self {
        Self { dir, ..Self::bare() }.with_config_flag()
    }

    fn with_config_flag(self) -> Self {
        let flag = format!("--config.file={}", self.path("geelark.yml").display());
        self.arg(flag)
    }

    /// The path of a file in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(ToString::to_string));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// Limits the number of open files and connections.
    pub(crate) fn descriptors(self, most: u32) -> Self {
        self.through(&["sh", "-c", &format!("ulimit -n {most}; exec \"$0\" \"$@\"")])
    }

    /// Limits the size of files to this number of blocks of 512 bytes. Larger writes fail as on a full disk.
    pub(crate) fn file_blocks(self, most: u32) -> Self {
        let limit = format!("trap '' XFSZ; ulimit -f {most}; exec \"$0\" \"$@\"");
        self.through(&["sh", "-c", &limit])
    }

    /// Uses another build of the program.
    pub(crate) fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    /// Starts through `wrapper`, which gets the program and its flags as arguments and must execute it.
    pub(crate) fn through(mut self, wrapper: &[&str]) -> Self {
        self.wrapper.extend(wrapper.iter().map(ToString::to_string));
        self
    }

    /// Starts the exporter on a free port, and waits until it listens.
    pub(crate) async fn start(self) -> Exporter {
        self.arg("--web.listen-address=127.0.0.1:0")
            .start_until("listening")
            .await
    }

    /// Starts the program, and waits for an output line that contains `line` and an address.
    pub(crate) async fn start_until(self, line: &str) -> Exporter {
        Exporter::launch(self, line).await
    }

    /// Runs the program to its end.
    pub(crate) async fn run(self) -> Output {
        let output = tokio::time::timeout(TIMEOUT, self.command().output()).await;
        let output = output
            .unwrap_or_else(|_| panic!("{:?} did not end", self.args))
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Output {
            status: output.status,
            text: text(&output.stdout) + &text(&output.stderr),
        }
    }

    pub(super) fn command(&self) -> Command {
        let program = self.program.as_os_str();
        let mut words = self.wrapper.iter().map(OsStr::new).chain([program]);
        let mut command = Command::new(words.next().unwrap_or(program));
        command.args(words);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GEELARK_")) {
            command.env_remove(name);
        }
        for proxy in PROXIES {
            command.env_remove(proxy);
        }
        command
            .current_dir(self.dir.path())
            .args(&self.args)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }
}
