//! The web configuration in force: TLS, users, headers, rate limit. It follows changes of its files.
//!
//! Rules are replaced as a whole, and only by valid ones. Switching TLS off or removing all users needs a restart, because
//! a file that is only half written may look like that.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use config_file::{FileStamps, Problems};
use tracing::{info, warn};

use super::config;
use super::rules::Rules;

/// The rules in force and the files they come from.
#[derive(Debug, Default)]
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

    /// Whether there are files that may change.
    pub(super) fn has_files(&self) -> bool {
        self.source.is_some()
    }

    /// Reads the files again if one of them changed.
    pub(super) fn follow(&self) {
        let Some(path) = &self.source else { return };
        let mut stamps = self.stamps.lock().unwrap_or_else(PoisonError::into_inner);
        if stamps.unchanged() {
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
        let (rules, file) = (self.rules(), path.display());
        let mut problems = Vec::new();
        if rules.tls.is_some() != next.tls.is_some() {
            problems.push(format!(
                "{file}: tls_server_config: switching TLS on or off needs a restart; restart the exporter or undo the change"
            ));
        }
        if rules.users.is_some() && next.users.is_none() {
            problems.push(format!(
                "{file}: basic_auth_users: removing all users needs a restart; restart the exporter or name a user"
            ));
        }
        Problems::or(problems, next)
    }
}
