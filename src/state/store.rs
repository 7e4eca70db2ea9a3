//! The folder: its lock, and how the file in it is read, replaced and set aside.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, BufWriter, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

use super::file::{Damage, decode, encode};
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
    /// The locked file, once it could be locked. The mutex keeps two writes apart.
    lock: Mutex<Option<File>>,
}

/// Why the folder cannot be used. Displays as a sentence.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process uses it.
    #[error("{} (state.path) is in use by another exporter; end that one first, or give each a folder of its own", .0.display())]
    InUse(PathBuf),
    /// The system refuses.
    #[error("cannot {action} {}: {error}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl Store {
    /// Takes the folder, and creates it if it does not exist. The only error is that another process uses the folder: if the
    /// folder cannot be used at all, writing to it will say why.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let store = Self {
            folder: folder.to_owned(),
            lock: Mutex::default(),
        };
        let owned = store.own(&mut store.lock.lock());
        match owned {
            Err(in_use @ StoreError::InUse(_)) => Err(in_use),
            _ => Ok(store),
        }
    }

    /// The state in the file; `None` without a file. A file that cannot be read is set aside, and the error is a sentence
    /// about it.
    pub fn load(&self, now: UnixMillis) -> Result<Option<State>, String> {
        self.read().map_err(|damage| self.set_aside(&damage, now))
    }

    /// Replaces the file. Whatever happens, the folder holds the old file or the new one, whole. Blocks on the disk.
    pub fn write(&self, state: &State) -> Result<(), StoreError> {
        let mut lock = self.lock.lock();
        self.own(&mut lock)?;
        let temporary = self.folder.join(TEMPORARY);
        self.replace(state, &temporary).map_err(|error| {
            // Frees its space on a full disk. It may not exist.
            let _ = fs::remove_file(&temporary);
            if error.kind() == ErrorKind::NotFound {
                // The folder is gone, and the lock with it.
                *lock = None;
            }
            io_error("write", self.folder.join(FILE))(error)
        })
    }

    fn replace(&self, state: &State, temporary: &Path) -> io::Result<()> {
        // A process that was killed may have left it.
        let _ = fs::remove_file(temporary);
        let file = File::options()
            .write(true)
            .create_new(true)
            .mode(FILE_MODE)
            .open(temporary)?;
        let mut out = BufWriter::with_capacity(1 << 16, file);
        encode(state, &mut out)?;
        out.into_inner()?.sync_all()?;
        fs::rename(temporary, self.folder.join(FILE))?;
        // Makes the new name outlast the machine.
        match File::open(&self.folder)?.sync_all() {
            // Some network file systems do not support it, and do not need it.
            Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
            result => result,
        }
    }

    /// Creates the folder and locks it, unless that is done.
    fn own(&self, lock: &mut Option<File>) -> Result<(), StoreError> {
        if lock.is_some() {
            return Ok(());
        }
        match DirBuilder::new().mode(FOLDER_MODE).create(&self.folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(io_error("create the folder", self.folder.clone())(error));
            }
            _ => {}
        }
        let path = self.folder.join(LOCK);
        let options = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(FILE_MODE)
            .clone();
        let file = options.open(&path).map_err(io_error("open", path.clone()))?;
        match file.try_lock() {
            Ok(()) => *lock = Some(file),
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(self.folder.clone())),
            Err(TryLockError::Error(error)) => return Err(io_error("lock", path)(error)),
        }
        Ok(())
    }

    fn read(&self) -> Result<Option<State>, Damage> {
        let path = self.folder.join(FILE);
        let metadata = match fs::metadata(&path) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            metadata => metadata?,
        };
        if !metadata.is_file() || metadata.len() > MAX_BYTES {
            return Err(Damage::Foreign);
        }
        decode(&fs::read(path)?).map(Some)
    }

    /// Moves the file out of the way of the next one, and says so.
    fn set_aside(&self, damage: &Damage, now: UnixMillis) -> String {
        let file = self.folder.join(FILE);
        let aside = format!("{SET_ASIDE}{}", now.0 / 1000);
        let kept = match fs::rename(&file, self.folder.join(&aside)) {
            Ok(()) => format!("it is set aside as {aside}"),
            Err(error) => format!("it cannot be set aside ({error}) and will be overwritten"),
        };
        self.prune();
        format!(
            "{} {damage}; the exporter starts without the saved state, and {kept}",
            file.display()
        )
    }

    /// Removes the oldest of the files set aside. One that cannot be removed does no harm.
    fn prune(&self) {
        let names = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let is_aside = |name: &str| {
            name.strip_prefix(SET_ASIDE)
                .is_some_and(|time| time.parse::<u64>().is_ok())
        };
        let aside = names.filter_map(|entry| entry.file_name().into_string().ok().filter(|name| is_aside(name)));
        let mut aside: Vec<String> = aside.collect();
        // Times of the same length, so their order as texts is the order of time.
        aside.sort();
        for name in aside.iter().rev().skip(KEPT_ASIDE) {
            let _ = fs::remove_file(self.folder.join(name));
        }
    }
}

fn io_error(action: &'static str, path: PathBuf) -> impl FnOnce(io::Error) -> StoreError {
    move |error| StoreError::Io { action, path, error }
}
