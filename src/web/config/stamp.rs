//! Reading files, and noticing that they changed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What tells a file from its successor without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    /// A file that was moved into place, or a link that points elsewhere (Kubernetes secrets), is another inode.
    inode: u64,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
        #[cfg(not(unix))]
        let inode = 0;
        Some(Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            inode,
        })
    }
}

/// Files as they were when they were read; `None` for one that was missing.
#[derive(Debug, Default)]
pub(in crate::web) struct Stamps(Vec<(PathBuf, Option<Stamp>)>);

impl Stamps {
    /// No file changed since.
    pub(in crate::web) fn hold(&self) -> bool {
        self.0.iter().all(|(path, stamp)| Stamp::of(path) == *stamp)
    }
}

/// Reads files and keeps their stamps.
pub(super) struct Files {
    directory: PathBuf,
    pub(super) stamps: Stamps,
}

impl Files {
    /// Relative paths begin where `config` lies.
    pub(super) fn beside(config: &Path) -> Self {
        Self {
            directory: config.parent().unwrap_or(Path::new("")).to_owned(),
            stamps: Stamps::default(),
        }
    }

    /// Where a path in the configuration leads.
    pub(super) fn resolve(&self, path: &str) -> PathBuf {
        self.directory.join(path)
    }

    /// The content of `path`.
    pub(super) fn text(&mut self, path: &Path) -> io::Result<String> {
        // Stamped before it is read: a change in between shows as a change.
        self.stamps.0.push((path.to_owned(), Stamp::of(path)));
        fs::read_to_string(path)
    }
}
