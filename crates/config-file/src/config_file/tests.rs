//! Reading a file: exact texts, origins, and what is wrong with it.

use serde::Deserialize;

use super::*;

const OPTIONS: ReadOptions = ReadOptions {
    bytes: 1000,
    depth: 8,
    values: 100,
    blank_is_absent: false,
};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Root {
    accounts: Option<Vec<Mapping<Account>>>,
    state: Mapping<State>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Account {
    name: Option<String>,
    ids: Option<Vec<String>>,
    discovery: Mapping<State>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct State {
    path: Option<String>,
}

fn file(yaml: &str) -> ConfigFile {
    ConfigFile::parse(Path::new("c.yml"), yaml, OPTIONS)
}

fn problem(yaml: &str) -> String {
    let file = file(yaml);
    file.values::<Root>();
    file.finish().0.unwrap_err().to_string()
}

#[test]
fn scalars_keep_their_text_letter_for_letter() {
    let file = file("accounts: [{name: 1.10, ids: [007, 588732926036803641588732926036803641, true, '', 1e3]}]");
    let accounts = file.values::<Root>().accounts.unwrap();
    assert_eq!(accounts[0].name.as_deref(), Some("1.10"));
    assert_eq!(
        accounts[0].ids.as_deref().unwrap(),
        ["007", "588732926036803641588732926036803641", "true", "", "1e3"]
    );
}

#[test]
fn null_is_an_absent_value_or_a_section_without_keys() {
    let file = file("accounts: [{name: , discovery: }]\nstate: ~");
    let root: Root = file.values();
    let account = &root.accounts.unwrap()[0];
    assert!(account.name.is_none() && account.discovery.path.is_none() && root.state.path.is_none());
    let section = file.section("accounts[0]");
    assert!(section.contains("discovery") && !section.contains("ids"));
    assert!(ConfigFile::parse(Path::new("c.yml"), "# nothing", OPTIONS).is_empty());
    section.value("name", &account.name, |_| Ok(()));
    assert_eq!(
        file.finish().0.unwrap_err().to_string(),
        "c.yml:1: accounts[0].name has no value; give it one or remove it"
    );
}

#[test]
fn the_origin_of_a_key_is_its_line() {
    let file = file("accounts:\n- name: a\n  ids:\n  - x\n");
    assert_eq!(file.origin("accounts[0].ids[0]"), "c.yml:4");
    assert_eq!(file.origin("accounts[0].name"), "c.yml:2");
    assert_eq!(file.origin("accounts[0].discovery.path"), "c.yml:2");
    assert_eq!(file.origin("state.path"), "c.yml");
}

#[test]
fn wrong_shapes_are_problems_without_their_values() {
    let problems = [
        (
            "accounts: [SECRET]",
            "c.yml:1: accounts[0] is not a section; write its keys below it, each with a colon",
        ),
        (
            "state: [SECRET]",
            "c.yml:1: state is not a section; write its keys below it, each with a colon",
        ),
        (
            "accounts: {a: SECRET}",
            "c.yml:1: accounts is not a list; write its entries in [ ], with commas between",
        ),
        (
            "accounts: [{ids: SECRET}]",
            "c.yml:1: accounts[0].ids is not a list; write its entries in [ ], with commas between",
        ),
        (
            "accounts: [{ids: [a, ]}, {ids: [~]}]",
            "c.yml:1: accounts[1].ids[0] has no value; give it one or remove it",
        ),
        (
            "state: {path: [SECRET]}",
            "c.yml:1: state.path is a list; write a single value",
        ),
        (
            "state: {path: {SECRET: 1}}",
            "c.yml:1: state.path is a section; write a single value",
        ),
        (
            "SECRET",
            "c.yml: the file is not a section; write its keys below it, each with a colon",
        ),
    ];
    for (yaml, expected) in problems {
        assert_eq!(problem(yaml), expected);
    }
}

#[test]
fn an_unknown_key_gets_a_suggestion_or_the_known_keys() {
    assert_eq!(
        problem("\nacounts: []"),
        "c.yml:2: the file has no key \"acounts\"; did you mean \"accounts\"?"
    );
    assert_eq!(
        problem("accounts:\n- {'x`, expected `y': SECRET}"),
        "c.yml:2: accounts[0] has no key \"x`, expected `y\"; the keys here are name, ids, discovery"
    );
}

#[test]
fn the_first_problem_of_shape_in_the_file_is_reported() {
    for key in ["a", "b", "c"] {
        let yaml = format!("state: {{path: x, {key}: 1, x: 1, y: 1, z: 1}}");
        assert!(problem(&yaml).contains(&format!("\"{key}\"")));
    }
}

#[test]
fn syntax_duplicates_and_bounds_are_problems() {
    assert_eq!(
        problem("state: {path: a}\nstate: {}"),
        "c.yml:2: the key \"state\" was given before (c.yml:1); keep one"
    );
    assert!(problem("accounts: []\n---\naccounts: []").starts_with("c.yml:2:1: a second document begins here"));
    assert!(problem("accounts: [").starts_with("c.yml:2:1: this is not YAML"));
    assert!(problem("a: &a [b]\n*a : c").contains("an alias is used as a key"));
    assert!(problem("a: &a [*a]").contains("an alias is inside the value it names"));
    assert!(problem("[[[[[[[[[]]]]]]]]]").contains("the nesting is too deep"));
    assert!(problem("a: &a [[[[[b]]]]]\nc: [[[[*a]]]]").contains("the nesting is too deep"));
    let many = format!("a: &a [{}]\nb: [*a, *a]", "x,".repeat(40));
    assert!(problem(&many).contains("too many values"));
}

#[test]
fn a_variable_is_the_origin_of_what_it_sets() {
    let mut file = file("accounts: [{name: a, ids: [b]}]");
    file.set_by_variable("accounts[0].ids", "variable IDS");
    assert_eq!(file.origin("accounts[0].ids[1]"), "variable IDS");
    assert_eq!(file.origin("accounts[0].name"), "c.yml:1");
}
