//! The folder: its lock, and how the file in it is read, replaced and set aside.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::damage::Damage;
use super::file::{decode, encode};
use super::saved::State;
use geelark_client::clock::UnixMillis;

const FILE: &str = "state.json";
const TEMPORARY: &str = "state.json.tmp";
const LOCK: &str = "state.lock";
/// Followed by the time in seconds.
const SET_ASIDE: &str = "state.json.bad-";

/// This many damaged files are kept, for people to look at.
const KEPT_ASIDE: usize = 3;

/// Ten million phones. What is larger is no state file, and is not read into memory.
const MAX_BYTES: u64 = 1 << 30;

/// Names of phones are private.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

/// A folder that keeps the state. It belongs to one process at a time, by an advisory lock that ends with the process.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    /// The locked file, once it could be locked. Locked while writing, so that two writes do not mix.
    lock: Mutex<Option<File>>,
}

/// Another process uses the folder.
#[derive(Debug, thiserror::Error)]
#[error("{} (state.path) is in use by another exporter; end that one first, or give each a folder of its own", .0.display())]
pub struct InUse(PathBuf);

/// The state cannot be written. Displays as a sentence.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {error}", path.display())]
pub struct WriteError {
    action: &'static str,
    path: PathBuf,
    error: io::Error,
}

impl Store {
    /// Takes the folder, creates it if need be, and reads its file: the state; `None` without one; or a sentence about a file
    /// that cannot be read. The only error is that another process uses the folder: where a folder cannot be used at all,
    /// writing to it will say why.
    pub fn open(folder: &Path, now: UnixMillis) -> Result<(Self, Result<Option<State>, String>), InUse> {
        let store = Self {
            folder: folder.to_owned(),
            lock: Mutex::new(None),
        };
        if let Err(OwnError::InUse(in_use)) = store.own(&mut store.lock()) {
            return Err(in_use);
        }
        let loaded = store.read().map_err(|unreadable| store.set_aside(&unreadable, now));
        Ok((store, loaded))
    }

    /// The folder's path, as it was given.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Replaces the file. Whatever happens, the folder holds the old file or the new one, whole. Blocks on the disk.
    pub fn write(&self, state: &State) -> Result<(), WriteError> {
        let mut lock = self.lock();
        self.own(&mut lock).map_err(|error| match error {
            OwnError::InUse(InUse(path)) => WriteError {
                action: "lock",
                path,
                error: io::Error::from(io::ErrorKind::ResourceBusy),
            },
            OwnError::Write(error) => error,
        })?;
        let temporary = self.folder.join(TEMPORARY);
        self.replace(state, &temporary).map_err(|error| {
            // Gives its space back on a full disk. It may not be there.
            let _ = fs::remove_file(&temporary);
            if error.kind() == io::ErrorKind::NotFound {
                // The folder is gone, and the lock with it.
                *lock = None;
            }
            self.error("write", FILE)(error)
        })
    }

    fn replace(&self, state: &State, temporary: &Path) -> io::Result<()> {
        match fs::remove_file(temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(FILE_MODE)
            .open(temporary)?;
        let mut out = BufWriter::with_capacity(1 << 16, file);
        encode(state, &mut out)?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        fs::rename(temporary, self.folder.join(FILE))?;
        self.sync()
    }

    /// Makes what was renamed, made or removed outlast the machine.
    fn sync(&self) -> io::Result<()> {
        match File::open(&self.folder)?.sync_all() {
            // Some network file systems do not support it, and do not need it.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            result => result,
        }
    }

    /// Creates the folder and locks it, unless that is done.
    fn own(&self, lock: &mut Option<File>) -> Result<(), OwnError> {
        if lock.is_some() {
            return Ok(());
        }
        match DirBuilder::new().mode(FOLDER_MODE).create(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(self.error("create the folder", "")(error).into());
            }
            _ => {}
        }
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(self.folder.join(LOCK))
            .map_err(self.error("open", LOCK))?;
        match file.try_lock() {
            Ok(()) => {
                *lock = Some(file);
                Ok(())
            }
            Err(TryLockError::WouldBlock) => Err(OwnError::InUse(InUse(self.folder.clone()))),
            Err(TryLockError::Error(error)) => Err(self.error("lock", LOCK)(error).into()),
        }
    }

    /// The state in the file; `None` without one.
    fn read(&self) -> Result<Option<State>, Unreadable> {
        let path = self.folder.join(FILE);
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        if !metadata.is_file() || metadata.len() > MAX_BYTES {
            return Err(Damage::Foreign.into());
        }
        let mut bytes = Vec::new();
        // It could grow while it is read; then it is no state file either.
        File::open(&path)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
        Ok(Some(decode(&bytes)?))
    }

    /// Moves the file out of the way of the next one, and says so.
    fn set_aside(&self, wrong: &Unreadable, now: UnixMillis) -> String {
        let file = self.folder.join(FILE);
        let aside = format!("{SET_ASIDE}{}", now.0 / 1000);
        let kept = match fs::rename(&file, self.folder.join(&aside)) {
            Ok(()) => {
                self.prune();
                format!("it is set aside as {aside}")
            }
            Err(error) => format!("it cannot be set aside ({error}) and will be overwritten"),
        };
        format!(
            "{} {wrong}; the exporter starts without the saved state, and {kept}",
            file.display()
        )
    }

    /// Removes the oldest of the files set aside. One that cannot be removed does no harm.
    fn prune(&self) {
        let names = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut aside: Vec<(u64, PathBuf)> = names
            .filter_map(|entry| {
                let seconds = entry.file_name().to_str()?.strip_prefix(SET_ASIDE)?.parse().ok()?;
                Some((seconds, entry.path()))
            })
            .collect();
        aside.sort();
        let surplus = aside.len().saturating_sub(KEPT_ASIDE);
        for (_, path) in aside.into_iter().take(surplus) {
            let _ = fs::remove_file(path);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<File>> {
        // A write that panicked left at most a temporary file, which the next one removes.
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn error(&self, action: &'static str, name: &str) -> impl FnOnce(io::Error) -> WriteError {
        let path = match name {
            "" => self.folder.clone(),
            name => self.folder.join(name),
        };
        move |error| WriteError { action, path, error }
    }
}

/// Why the folder cannot be used.
enum OwnError {
    InUse(InUse),
    Write(WriteError),
}

impl From<WriteError> for OwnError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

/// Why a file cannot be read. Displays as the rest of a sentence that begins with the file.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error(transparent)]
    Damage(#[from] Damage),
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
}
