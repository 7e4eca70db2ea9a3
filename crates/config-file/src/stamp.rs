//! Noticing that files changed, without reading them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What tells a file from its successor.
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

/// Files as they were at one time; a missing one is remembered as missing.
#[derive(Clone, Debug, Default)]
pub struct FileStamps(Vec<(PathBuf, Option<Stamp>)>);

impl FileStamps {
    /// FileStamps `path`. To be called before it is read: a change in between then shows as a change.
    pub fn add(&mut self, path: &Path) {
        if self.paths().all(|known| known != path) {
            self.0.push((path.to_owned(), Stamp::of(path)));
        }
    }

    /// No file changed since.
    pub fn unchanged(&self) -> bool {
        self.0.iter().all(|(path, stamp)| Stamp::of(path) == *stamp)
    }

    /// The same files as they are now.
    #[must_use]
    pub fn refreshed(&self) -> Self {
        let stamp = |path: &PathBuf| (path.clone(), Stamp::of(path));
        Self(self.0.iter().map(|(path, _)| stamp(path)).collect())
    }

    /// The files, in the order they were added.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(|(path, _)| path.as_path())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_written_made_removed_or_linked_elsewhere_has_changed() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link, old, new) = ("file", "link", "old", "new");
        let path = |name: &str| dir.path().join(name);
        fs::write(path(old), "a").unwrap();
        fs::write(path(new), "a").unwrap();
        symlink(path(old), path(link)).unwrap();
        let mut stamps = FileStamps::default();
        stamps.add(&path(file));
        stamps.add(&path(link));
        stamps.add(&path(link));
        assert!(stamps.unchanged());
        assert_eq!(stamps.paths().count(), 2);

        fs::write(path(file), "made").unwrap();
        assert!(!stamps.unchanged());
        let stamps = stamps.refreshed();
        assert!(stamps.unchanged());

        symlink(path(new), path("swap")).unwrap();
        fs::rename(path("swap"), path(link)).unwrap();
        assert!(
            !stamps.unchanged(),
            "the link points to another file of the same content"
        );
        let stamps = stamps.refreshed();
        fs::remove_file(path(file)).unwrap();
        assert!(!stamps.unchanged());
    }
}
