//! The web configuration file in force: TLS, users, headers, followed as the files change.
//!
//! Always true: a request is judged by rules that were read as a whole and found right. A file that became bad changes
//! nothing; what cannot be taken back safely while running (TLS, the need for a password) needs a restart.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tracing::{info, warn};

use super::config;
use super::rules::Rules;
use config_file::{FileStamps, Problems};

/// The rules in force and where they come from.
#[derive(Debug, Default)]
pub struct WebConfig {
    rules: ArcSwap<Rules>,
    source: Option<PathBuf>,
    seen: Mutex<Seen>,
}

/// What the files looked like when they were last read, and what was wrong then.
#[derive(Debug, Default)]
struct Seen {
    stamps: FileStamps,
    problems: Option<Problems>,
}

impl WebConfig {
    /// Reads the web configuration file and all it refers to.
    pub fn from_file(path: &Path) -> Result<Self, Problems> {
        let (rules, stamps) = config::read(path);
        Ok(Self {
            rules: ArcSwap::from_pointee(rules?),
            source: Some(path.to_owned()),
            seen: Mutex::new(Seen { stamps, problems: None }),
        })
    }

    pub(super) fn rules(&self) -> Arc<Rules> {
        self.rules.load_full()
    }

    /// Whether there are files to follow.
    pub(super) fn has_files(&self) -> bool {
        self.source.is_some()
    }

    /// Reads the files again if one of them changed.
    pub(super) fn follow(&self) {
        let Some(path) = &self.source else { return };
        // A panic while reading leaves old stamps, and the files are read once more.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.stamps.unchanged() {
            return;
        }
        let (rules, stamps) = config::read(path);
        seen.stamps = stamps;
        match rules.and_then(|rules| self.may_follow(path, rules)) {
            Ok(rules) => {
                self.rules.store(Arc::new(rules));
                seen.problems = None;
                info!(file = %path.display(), "web configuration read again");
            }
            Err(problems) => {
                if seen.problems.as_ref() != Some(&problems) {
                    for problem in problems.sentences() {
                        warn!(%problem, "invalid web configuration, keeping the previous one");
                    }
                }
                seen.problems = Some(problems);
            }
        }
    }

    /// A file caught half-written looks like one that asks for nothing. WebConfig is not taken away for that.
    fn may_follow(&self, path: &Path, next: Rules) -> Result<Rules, Problems> {
        let rules = self.rules();
        let file = path.display();
        let mut problems = Vec::new();
        if rules.tls.is_some() != next.tls.is_some() {
            problems.push(format!(
                "{file}: tls_server_config: switching TLS on or off takes a restart; restart the exporter or take the \
                 change back"
            ));
        }
        if rules.users.is_some() && next.users.is_none() {
            problems.push(format!(
                "{file}: basic_auth_users: going without passwords takes a restart; restart the exporter or name a user"
            ));
        }
        Problems::or(problems, next)
    }
}
