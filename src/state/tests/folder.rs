//! A folder over several starts, and what may be wrong with one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;

const NOW: UnixMillis = UnixMillis(1_700_000_200_000);

fn open(folder: &Path) -> (Store, Recall) {
    Store::open(folder, NOW).unwrap()
}

fn nested() -> (TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("state");
    (parent, folder)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_was_written_is_recalled_and_only_its_owner_can_read_it() {
    let (_parent, folder) = nested();
    let (store, recall) = open(&folder);
    assert!(recall.memory.is_none() && recall.problems.is_empty(), "{recall:?}");
    store.write(&memory()).unwrap();
    drop(store);
    assert_eq!(names(&folder), ["state.json", "state.lock"]);
    assert_eq!((mode(&folder), mode(&folder.join("state.json"))), (0o700, 0o600));
    let (_store, recall) = open(&folder);
    assert_eq!(recall.memory, Some(memory()));
    assert_eq!(recall.problems, [""; 0]);
}

#[test]
fn a_clean_end_is_believed_once() {
    let (_parent, folder) = nested();
    open(&folder).0.write(&memory()).unwrap();
    let ending = || open(&folder).1.memory.unwrap().ending;
    assert_eq!(ending(), Ending::Clean);
    assert_eq!(ending(), Ending::Unclean, "the process in between may have called");
}

#[test]
fn a_clean_end_that_cannot_be_taken_back_is_not_believed() {
    let (_parent, folder) = nested();
    open(&folder).0.write(&memory()).unwrap();
    // Not even root can remove a folder that is not empty as if it were a file.
    fs::create_dir_all(folder.join("state.json.tmp/x")).unwrap();
    let (_store, recall) = open(&folder);
    assert_eq!(recall.memory.unwrap().ending, Ending::Unclean);
    assert!(recall.problems[0].contains("cannot write"), "{:?}", recall.problems);
}

#[test]
fn a_second_exporter_is_turned_away_until_the_first_has_ended() {
    let (_parent, folder) = nested();
    let (first, _) = open(&folder);
    let refused = Store::open(&folder, NOW).unwrap_err().to_string();
    let expected = "(state.path) is in use by another exporter; end that one first, or give each a folder of its own";
    assert_eq!(refused, format!("{} {expected}", folder.display()));
    drop(first);
    open(&folder);
}

#[test]
fn a_damaged_file_is_set_aside_and_three_of_them_are_kept() {
    let (_parent, folder) = nested();
    fs::create_dir(&folder).unwrap();
    for second in 1..=5 {
        fs::write(folder.join("state.json"), format!("broken {second}")).unwrap();
        let (store, recall) = Store::open(&folder, UnixMillis(second * 1000 + 7)).unwrap();
        assert_eq!(recall.memory, None);
        let path = folder.display();
        let expected = format!(
            "{path}/state.json is not a state file of this exporter; the exporter starts without memory, and it is \
             set aside as state.json.bad-{second}"
        );
        assert_eq!(recall.problems, [expected]);
        store.write(&memory()).unwrap();
    }
    let expected = [
        "state.json",
        "state.json.bad-3",
        "state.json.bad-4",
        "state.json.bad-5",
        "state.lock",
    ];
    assert_eq!(names(&folder), expected);
    assert_eq!(fs::read_to_string(folder.join("state.json.bad-5")).unwrap(), "broken 5");
    assert_eq!(open(&folder).1.memory, Some(memory()));
}

#[test]
fn a_newer_format_says_so() {
    let (_parent, folder) = nested();
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("state.json"), "{\"format\":7,\"memory\":{}}").unwrap();
    let problem = open(&folder).1.problems.remove(0);
    assert!(
        problem.contains("has format 7, and this version of the exporter reads format 1;"),
        "{problem}"
    );
}

#[test]
fn something_else_under_the_files_name_is_set_aside_unread() {
    let (_parent, folder) = nested();
    fs::create_dir_all(folder.join("state.json")).unwrap();
    let (store, recall) = open(&folder);
    assert!(
        recall.problems[0].contains("is not a state file"),
        "{:?}",
        recall.problems
    );
    store.write(&memory()).unwrap();
}

#[test]
fn a_folder_that_cannot_be_used_costs_the_memory_only() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    for folder in [
        file.join("state"),
        file.clone(),
        parent.path().join("nowhere/state"),
        PathBuf::from("/proc/state"),
    ] {
        let (store, recall) = open(&folder);
        assert!(recall.memory.is_none(), "{}", folder.display());
        assert_eq!(recall.problems.len(), 1, "{:?}", recall.problems);
        assert!(recall.problems[0].starts_with("cannot "), "{:?}", recall.problems);
        assert_eq!(store.write(&memory()).unwrap_err().to_string(), recall.problems[0]);
    }
}

#[test]
fn writing_resumes_when_the_folder_can_be_used_again() {
    let (parent, folder) = nested();
    let (store, _) = open(&folder);
    store.write(&memory()).unwrap();
    fs::rename(&folder, parent.path().join("elsewhere")).unwrap();
    assert!(store.write(&memory()).is_err());
    store.write(&memory()).unwrap();
    drop(store);
    assert_eq!(open(&folder).1.memory, Some(memory()));
}

#[test]
fn what_a_killed_writer_left_is_no_obstacle() {
    let (_parent, folder) = nested();
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("state.json.tmp"), "half a fi").unwrap();
    let (store, recall) = open(&folder);
    assert!(recall.problems.is_empty());
    store.write(&memory()).unwrap();
    assert_eq!(names(&folder), ["state.json", "state.lock"]);
}

#[test]
fn a_disk_that_is_full_is_an_error_and_not_a_short_file() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let error = encode(&memory(), std::io::BufWriter::with_capacity(8, full)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}
