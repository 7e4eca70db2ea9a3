//! A folder over several starts, and what may be wrong with one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;

const NOW: UnixMillis = UnixMillis(1_700_000_200_000);

fn open(folder: &Path) -> (Store, Result<Option<State>, String>) {
    let store = Store::open(folder).unwrap();
    let loaded = store.load(NOW);
    (store, loaded)
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
fn the_state_is_loaded_again_and_only_its_owner_can_read_it() {
    let (_parent, folder) = nested();
    let (store, loaded) = open(&folder);
    assert_eq!(loaded, Ok(None));
    store.write(&state()).unwrap();
    drop(store);
    assert_eq!(names(&folder), ["state.json", "state.lock"]);
    assert_eq!((mode(&folder), mode(&folder.join("state.json"))), (0o700, 0o600));
    let (_store, loaded) = open(&folder);
    assert_eq!(loaded, Ok(Some(state())));
}

#[test]
fn a_second_exporter_cannot_use_the_folder_until_the_first_has_ended() {
    let (_parent, folder) = nested();
    let (first, _) = open(&folder);
    let refused = Store::open(&folder).unwrap_err().to_string();
    let expected = "(state.path) is in use by another exporter; end that one first, or give each a folder of its own";
    assert_eq!(refused, format!("{} {expected}", folder.display()));
    drop(first);
    let _ = open(&folder);
}

#[test]
fn a_damaged_file_is_set_aside_and_three_of_them_are_kept() {
    let (_parent, folder) = nested();
    fs::create_dir(&folder).unwrap();
    for second in 1..=5 {
        fs::write(folder.join("state.json"), format!("broken {second}")).unwrap();
        let store = Store::open(&folder).unwrap();
        let loaded = store.load(UnixMillis(second * 1000 + 7));
        let path = folder.display();
        let expected = format!(
            "{path}/state.json is not a state file of this exporter; the exporter starts without the saved state, and it is \
             set aside as state.json.bad-{second}"
        );
        assert_eq!(loaded, Err(expected));
        store.write(&state()).unwrap();
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
    assert_eq!(open(&folder).1, Ok(Some(state())));
}

#[test]
fn the_problem_names_a_newer_format() {
    let (_parent, folder) = nested();
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("state.json"), "{\"format\":7,\"state\":{}}").unwrap();
    let problem = open(&folder).1.unwrap_err();
    assert!(
        problem.contains("has format 7, and this version of the exporter reads format 2;"),
        "{problem}"
    );
}

#[test]
fn a_folder_with_the_name_of_the_file_is_set_aside() {
    let (_parent, folder) = nested();
    fs::create_dir_all(folder.join("state.json")).unwrap();
    let (store, loaded) = open(&folder);
    assert!(loaded.unwrap_err().contains("is not a state file"));
    store.write(&state()).unwrap();
}

#[test]
fn an_exporter_starts_without_state_if_the_folder_cannot_be_used() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    for (folder, said) in [
        (file.join("state"), "cannot create the folder"),
        (file.clone(), "cannot open"),
        (parent.path().join("nowhere/state"), "cannot create the folder"),
        (PathBuf::from("/proc/state"), "cannot create the folder"),
    ] {
        let (store, loaded) = open(&folder);
        assert_eq!(loaded, Ok(None));
        let error = store.write(&state()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{said} {}", folder.display())), "{error}");
    }
}

#[test]
fn writing_resumes_when_the_folder_can_be_used_again() {
    let (parent, folder) = nested();
    let (store, _) = open(&folder);
    store.write(&state()).unwrap();
    fs::rename(&folder, parent.path().join("elsewhere")).unwrap();
    assert!(store.write(&state()).is_err());
    store.write(&state()).unwrap();
    drop(store);
    assert_eq!(open(&folder).1, Ok(Some(state())));
}

#[test]
fn a_temporary_file_of_a_killed_process_is_replaced() {
    let (_parent, folder) = nested();
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("state.json.tmp"), "half a fi").unwrap();
    let (store, loaded) = open(&folder);
    assert_eq!(loaded, Ok(None));
    store.write(&state()).unwrap();
    assert_eq!(names(&folder), ["state.json", "state.lock"]);
}

#[test]
fn a_full_disk_is_an_error() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let error = encode(&state(), std::io::BufWriter::with_capacity(8, full)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}
