//! The web configuration in force: TLS, users, headers, rate limit. It follows changes of its files.
//!
//! Rules are replaced as a whole, and only by valid ones. Switching TLS off or removing all users needs a restart, because
//! a file that is only half written may look like that.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use config_file::{FileStamps, Problems};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tracing::{info, warn};

use super::config;
use super::rules::Rules;

/// How often the files are compared with what was read.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// The rules in force and the files they come from.
#[derive(Default)]
pub struct WebConfig {
    rules: ArcSwap<Rules>,
    source: Option<PathBuf>,
    /// What the files looked like when they were last read.
    stamps: Mutex<FileStamps>,
}

impl WebConfig {
    /// Reads the web configuration file and the files it names.
    pub fn from_file(path: &Path) -> Result<Self, Problems> {
        let (rules, stamps) = config::read(path);
        Ok(Self {
            rules: ArcSwap::from_pointee(rules?),
            source: Some(path.to_owned()),
            stamps: Mutex::new(stamps),
        })
    }

    pub(super) fn rules(&self) -> Arc<Rules> {
        self.rules.load_full()
    }

    /// Reads the files again when one of them changes.
    pub(super) async fn follow(self: Arc<Self>) {
        while self.source.is_some() {
            sleep(FOLLOW_EVERY).await;
            let web_config = self.clone();
            // A disk may not answer.
            let _ = spawn_blocking(move || web_config.refresh()).await;
        }
    }

    /// Reads the files again if one of them changed and is no longer being written.
    pub(super) fn refresh(&self) {
        let Some(path) = &self.source else { return };
        let mut stamps = self.stamps.lock().unwrap_or_else(PoisonError::into_inner);
        if !stamps.settled_change() {
            return;
        }
        let (rules, read) = config::read(path);
        *stamps = read;
        match rules.and_then(|rules| self.check_change(path, rules)) {
            Ok(rules) => {
                self.rules.store(Arc::new(rules));
                info!(file = %path.display(), "web configuration loaded");
            }
            Err(problems) => {
                for problem in problems.sentences() {
                    warn!(%problem, "invalid web configuration, keeping the previous one");
                }
            }
        }
    }

    fn check_change(&self, path: &Path, next: Rules) -> Result<Rules, Problems> {
        let rules = self.rules();
        if rules.tls.is_some() == next.tls.is_some() && (rules.users.is_none() || next.users.is_some()) {
            return Ok(next);
        }
        let problem =
            "switching TLS on or off and removing all users need a restart; restart the exporter or undo the change";
        Err(format!("{}: {problem}", path.display()).into())
    }
}
