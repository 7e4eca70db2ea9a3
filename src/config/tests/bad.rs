//! Bad configurations. `tests/fixtures/config/bad.txt` has all sentences about each.

use super::Folder;

const CASES: &str = include_str!("../../../tests/fixtures/config/bad.txt");

#[test]
fn every_bad_configuration_gets_all_its_sentences() {
    let mut failures = Vec::new();
    let mut count = 0;
    for case in CASES.split("\n=== ").skip(1) {
        count += 1;
        let (name, case) = case.split_once('\n').unwrap();
        let (given, expected) = case.split_once("--- says\n").unwrap();
        let (yaml, env) = given.split_once("--- environment\n").unwrap_or((given, ""));
        let env: Vec<_> = env.lines().map(|line| line.split_once('=').unwrap()).collect();

        let folder = Folder::new(yaml);
        let said = match folder.load(&env) {
            Ok(_) => "nothing".to_owned(),
            Err(problems) => folder.anonymous(&problems.to_string()),
        };
        assert!(!said.contains("SECRET") && !said.contains("PASSWORD"), "{name}: {said}");
        if said != expected.trim_end() {
            failures.push(format!("{name}\n--- says\n{said}\n--- instead of\n{expected}"));
        }
    }
    assert!(count >= 25, "only {count} cases were found");
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}
