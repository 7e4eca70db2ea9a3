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
    assert!(recall.memory.is_none() && recall.problem.is_none(), "{recall:?}");
    store.write(&memory(), Ending::Unclean).unwrap();
    drop(store);
    assert_eq!(names(&folder), ["state.json", "state.lock"]);
    assert_eq!((mode(&folder), mode(&folder.join("state.json"))), (0o700, 0o600));
    let (_store, recall) = open(&folder);
    assert_eq!(recall.memory, Some(memory()));
    assert_eq!(recall.problem, None);
}

#[test]
fn a_clean_end_is_believed_once() {
    let (_parent, folder) = nested();
    let (store, recall) = open(&folder);
    assert_eq!(recall.ending, Ending::Unclean, "nobody was there");
    store.write(&memory(), Ending::Unclean).unwrap();
    store.write(&memory(), Ending::Clean).unwrap();
    drop(store);
    assert_eq!(open(&folder).1.ending, Ending::Clean);
    let (_store, recall) = open(&folder);
    assert_eq!(recall.ending, Ending::Unclean, "the process in between may have called");
    assert_eq!(recall.memory, Some(memory()));
}

#[test]
fn a_clean_end_that_cannot_be_taken_back_is_not_believed() {
    let (_parent, folder) = nested();
    // Not even root can remove a folder as if it were a file.
    fs::create_dir_all(folder.join("state.clean")).unwrap();
    assert_eq!(open(&folder).1.ending, Ending::Unclean);
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
        assert_eq!(recall.problem, Some(expected));
        store.write(&memory(), Ending::Unclean).unwrap();
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
    let problem = open(&folder).1.problem.unwrap();
    assert!(
        problem.contains("has format 7, and this version of the exporter reads format 2;"),
        "{problem}"
    );
}

#[test]
fn something_else_under_the_files_name_is_set_aside_unread() {
    let (_parent, folder) = nested();
    fs::create_dir_all(folder.join("state.json")).unwrap();
    let (store, recall) = open(&folder);
    assert!(recall.problem.unwrap().contains("is not a state file"));
    store.write(&memory(), Ending::Unclean).unwrap();
}

#[test]
fn a_folder_that_cannot_be_used_costs_the_memory_only() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    for (folder, said) in [
        (file.join("state"), "cannot make the folder"),
        (file.clone(), "cannot open"),
        (parent.path().join("nowhere/state"), "cannot make the folder"),
        (PathBuf::from("/proc/state"), "cannot make the folder"),
    ] {
        let (store, recall) = open(&folder);
        assert!(recall.memory.is_none() && recall.problem.is_none(), "{recall:?}");
        let trouble = store.write(&memory(), Ending::Unclean).unwrap_err().to_string();
        assert!(
            trouble.starts_with(&format!("{said} {}", folder.display())),
            "{trouble}"
        );
    }
}

#[test]
fn writing_resumes_when_the_folder_can_be_used_again() {
    let (parent, folder) = nested();
    let (store, _) = open(&folder);
    store.write(&memory(), Ending::Unclean).unwrap();
    fs::rename(&folder, parent.path().join("elsewhere")).unwrap();
    assert!(store.write(&memory(), Ending::Unclean).is_err());
    store.write(&memory(), Ending::Unclean).unwrap();
    drop(store);
    assert_eq!(open(&folder).1.memory, Some(memory()));
}

#[test]
fn what_a_killed_writer_left_is_no_obstacle() {
    let (_parent, folder) = nested();
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("state.json.tmp"), "half a fi").unwrap();
    let (store, recall) = open(&folder);
    assert_eq!(recall.problem, None);
    store.write(&memory(), Ending::Unclean).unwrap();
    assert_eq!(names(&folder), ["state.json", "state.lock"]);
}

#[test]
fn a_disk_that_is_full_is_an_error_and_not_a_short_file() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let error = encode(&memory(), std::io::BufWriter::with_capacity(8, full)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}
