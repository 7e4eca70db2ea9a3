//! Any content of a web configuration file gives rules or problems.

#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use exporter_web::WebConfig;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static FOLDER: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("web.yml");
    (folder, file)
});

fuzz_target!(|yaml: &[u8]| {
    let file = &FOLDER.1;
    fs::write(file, yaml).unwrap();
    if let Err(problems) = WebConfig::from_file(file) {
        assert!(!problems.sentences().is_empty());
    }
});
