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

/// Files as they were when they were read; a missing one is remembered as missing.
#[derive(Clone, Debug, Default)]
pub struct FileStamps {
    files: Vec<(PathBuf, Option<Stamp>)>,
    /// What the last look at changed files saw.
    last_look: Option<Vec<Option<Stamp>>>,
}

impl FileStamps {
    /// Stamps `path`. Call it before the file is read: a change in between then counts as a change.
    pub fn add(&mut self, path: &Path) {
        if self.files.iter().all(|(known, _)| known != path) {
            self.files.push((path.to_owned(), Stamp::of(path)));
        }
    }

    /// Whether a file changed, and all files were the same at the last look. A file that is still being written differs
    /// from look to look. The answer is true once for each change.
    pub fn settled_change(&mut self) -> bool {
        let look: Vec<_> = self.files.iter().map(|(path, _)| Stamp::of(path)).collect();
        let has_changed = self.files.iter().zip(&look).any(|((_, stamp), seen)| stamp != seen);
        let has_settled = self.last_look.as_ref() == Some(&look);
        if has_changed && has_settled {
            for ((_, stamp), seen) in self.files.iter_mut().zip(&look) {
                stamp.clone_from(seen);
            }
        }
        self.last_look = Some(look);
        has_changed && has_settled
    }

    /// The files, in the order in which they were added.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|(path, _)| path.as_path())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// Looks twice, since a change counts when the file no longer changes.
    fn changed(stamps: &mut FileStamps) -> bool {
        let first = stamps.settled_change();
        assert!(!first, "a single look is not enough");
        stamps.settled_change()
    }

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
        assert!(!changed(&mut stamps));
        assert_eq!(stamps.paths().count(), 2);

        fs::write(path(file), "made").unwrap();
        assert!(changed(&mut stamps));
        assert!(!changed(&mut stamps), "a change counts once");

        symlink(path(new), path("swap")).unwrap();
        fs::rename(path("swap"), path(link)).unwrap();
        assert!(
            changed(&mut stamps),
            "the link points to another file of the same content"
        );
        fs::remove_file(path(file)).unwrap();
        assert!(changed(&mut stamps));
    }

    #[test]
    fn a_file_that_is_still_being_written_has_not_changed_yet() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(&file, "1\n2\n").unwrap();
        let mut stamps = FileStamps::default();
        stamps.add(file.path());
        for text in ["", "1\n", "1\n2\n", "1\n2\n3\n"] {
            fs::write(&file, text).unwrap();
            assert!(!stamps.settled_change());
        }
        assert!(stamps.settled_change());
    }
}
