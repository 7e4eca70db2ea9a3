//! The folder: who owns it, how the file in it is read, replaced and set aside.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::damage::Damage;
use super::file::{decode, encode};
use super::memory::State;
use geelark_client::Ending;
use geelark_client::clock::UnixMillis;

const FILE: &str = "state.json";
const TEMPORARY: &str = "state.json.tmp";
const LOCK: &str = "state.lock";
/// An empty file that is there while nothing has been done since the state was written.
const CLEAN: &str = "state.clean";
/// Followed by the time in seconds.
const SET_ASIDE: &str = "state.json.bad-";

/// So many damaged files are kept; they are for people, who look at the last ones.
const KEPT_ASIDE: usize = 3;

/// Ten million phones. What is larger is no state file, and is not read into memory.
const MAX_BYTES: u64 = 1 << 30;

/// Names of phones are the owner's business.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

/// A folder that keeps a memory. It belongs to one process at a time, by an advisory lock that ends with the process.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    /// The locked file, once it could be locked. Blocked while writing, so that two writes do not meet.
    lock: Mutex<Option<File>>,
}

/// Another process has the folder.
#[derive(Debug, thiserror::Error)]
#[error("{} (state.path) is in use by another exporter; end that one first, or give each a folder of its own", .0.display())]
pub struct InUse(PathBuf);

/// The memory cannot be kept at present. Displays as a sentence.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}: {error}", path.display())]
pub struct Trouble {
    doing: &'static str,
    path: PathBuf,
    error: io::Error,
}

/// What a folder had to tell at the start.
#[derive(Debug)]
pub struct Recall {
    /// The memory; `None` if there was none, or none that could be read.
    pub memory: Option<State>,
    /// How the process that wrote it ended.
    pub ending: Ending,
    /// A sentence about a file that was there and could not be read.
    pub problem: Option<String>,
}

impl Store {
    /// Takes the folder, makes it if need be, and reads what it holds. Only that another process has it is an error: a
    /// folder that cannot be used gives no memory, and writing to it will say why.
    ///
    /// A clean end is believed once: the mark of it is removed first, as this process is going to spend more and may end
    /// otherwise. It is a file of its own because removing one works on a full disk too. Where not even that works, the
    /// process before may have found the same and gone on spending, so the mark means nothing.
    pub fn open(folder: &Path, now: UnixMillis) -> Result<(Self, Recall), InUse> {
        let store = Self {
            folder: folder.to_owned(),
            lock: Mutex::new(None),
        };
        if let Err(Refusal::InUse(in_use)) = store.own(&mut store.lock()) {
            return Err(in_use);
        }
        let ending = store.take_mark();
        let (memory, problem) = match store.read() {
            Ok(memory) => (memory, None),
            Err(wrong) => (None, Some(store.set_aside(&wrong, now))),
        };
        let recall = Recall {
            memory,
            ending,
            problem,
        };
        Ok((store, recall))
    }

    /// The folder's path, as it was given.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Replaces the file, and says whether that was the end. However this goes, the folder holds the old file or the new
    /// one, whole. Blocks on the disk.
    pub fn write(&self, memory: &State, ending: Ending) -> Result<(), Trouble> {
        let mut lock = self.lock();
        self.own(&mut lock).map_err(|refusal| match refusal {
            Refusal::InUse(InUse(path)) => Trouble {
                doing: "lock",
                path,
                error: io::Error::from(io::ErrorKind::ResourceBusy),
            },
            Refusal::Trouble(trouble) => trouble,
        })?;
        let temporary = self.folder.join(TEMPORARY);
        let written = self.replace(memory, &temporary).and_then(|()| match ending {
            Ending::Clean => self.leave_mark(),
            Ending::Unclean => Ok(()),
        });
        written.map_err(|error| {
            // Gives back what it takes on a full disk. That it may not be there is no second trouble.
            let _ = fs::remove_file(&temporary);
            if error.kind() == io::ErrorKind::NotFound {
                // The folder is gone, and the lock with it.
                *lock = None;
            }
            self.trouble("write", FILE)(error)
        })
    }

    fn replace(&self, memory: &State, temporary: &Path) -> io::Result<()> {
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
        encode(memory, &mut out)?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        fs::rename(temporary, self.folder.join(FILE))?;
        self.sync()
    }

    fn leave_mark(&self) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(FILE_MODE);
        options.open(self.folder.join(CLEAN))?;
        self.sync()
    }

    fn take_mark(&self) -> Ending {
        match fs::remove_file(self.folder.join(CLEAN)).and_then(|()| self.sync()) {
            Ok(()) => Ending::Clean,
            Err(_) => Ending::Unclean,
        }
    }

    /// Makes what was renamed, made or removed outlast the machine.
    fn sync(&self) -> io::Result<()> {
        match File::open(&self.folder)?.sync_all() {
            // Some network file systems know no such thing, and need none.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            result => result,
        }
    }

    /// Makes the folder and locks it, unless that is done.
    fn own(&self, lock: &mut Option<File>) -> Result<(), Refusal> {
        if lock.is_some() {
            return Ok(());
        }
        match DirBuilder::new().mode(FOLDER_MODE).create(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(self.trouble("make the folder", "")(error).into());
            }
            _ => {}
        }
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(self.folder.join(LOCK))
            .map_err(self.trouble("open", LOCK))?;
        match file.try_lock() {
            Ok(()) => {
                *lock = Some(file);
                Ok(())
            }
            Err(TryLockError::WouldBlock) => Err(Refusal::InUse(InUse(self.folder.clone()))),
            Err(TryLockError::Error(error)) => Err(self.trouble("lock", LOCK)(error).into()),
        }
    }

    /// What the file says; `None` if there is none.
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
            "{} {wrong}; the exporter starts without memory, and {kept}",
            file.display()
        )
    }

    /// Removes the oldest of the files set aside. What cannot be removed stays: it harms nobody.
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

    fn trouble(&self, doing: &'static str, name: &str) -> impl FnOnce(io::Error) -> Trouble {
        let path = match name {
            "" => self.folder.clone(),
            name => self.folder.join(name),
        };
        move |error| Trouble { doing, path, error }
    }
}

/// Why the folder is not ours.
enum Refusal {
    InUse(InUse),
    Trouble(Trouble),
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// Why a file that is there gives no memory. Displays as the rest of a sentence that begins with the file.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error(transparent)]
    Damage(#[from] Damage),
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
}
