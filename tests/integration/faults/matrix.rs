//! Compares the table in `docs/faults.md` with the tests in this folder.

use std::collections::BTreeSet;
use std::path::Path;

const HEADING: &str = "## Fault matrix";

#[test]
fn each_row_of_the_fault_matrix_names_a_test_and_each_test_has_a_row() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/faults.md")).unwrap();
    let (_, section) = page
        .split_once(HEADING)
        .expect("docs/faults.md has the section of the matrix");
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    let mut named = BTreeSet::new();
    for row in rows {
        let test = row.trim_end_matches(['|', ' ']).rsplit('|').next().unwrap();
        let test = test.trim().trim_matches('`').to_owned();
        assert!(named.insert(test), "two rows name the same test: {row}");
    }

    let mut tests = BTreeSet::new();
    for entry in std::fs::read_dir(root.join("tests/integration/faults")).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let source = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = source.lines().collect();
        let functions = lines.windows(2).filter(|pair| pair[0].starts_with("#[tokio::test"));
        tests.extend(functions.map(|pair| {
            let name = pair[1]
                .strip_prefix("async fn ")
                .and_then(|rest| rest.split('(').next());
            format!("{module}::{}", name.unwrap())
        }));
    }
    assert!(!tests.is_empty());
    assert_eq!(named, tests, "rows on the left, tests on the right");
}
