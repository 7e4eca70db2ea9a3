//! Reading the files that the web configuration names.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use config_file::FileStamps;

/// Reads files and keeps their stamps.
pub(super) struct Files {
    directory: PathBuf,
    pub(super) stamps: FileStamps,
}

impl Files {
    /// Relative paths begin where `config` lies.
    pub(super) fn beside(config: &Path) -> Self {
        Self {
            directory: config.parent().unwrap_or(Path::new("")).to_owned(),
            stamps: FileStamps::default(),
        }
    }

    /// Where a path in the configuration leads.
    pub(super) fn resolve(&self, path: &str) -> PathBuf {
        self.directory.join(path)
    }

    /// The content of `path`.
    pub(super) fn text(&mut self, path: &Path) -> io::Result<String> {
        self.stamps.add(path);
        fs::read_to_string(path)
    }
}
