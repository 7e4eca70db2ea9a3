//! `docs/simulator.md` lists the faults and the flags that exist.

use clap::{Args, Command};

use super::*;

const PAGE: &str = include_str!("../../../../docs/simulator.md");

/// The words in back-ticks in the first column of the table that begins with `heading`.
fn first_column(heading: &str) -> Vec<&'static str> {
    let table = PAGE.split_once(heading).unwrap().1;
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.split('|').nth(1).unwrap());
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_documented_fault_is_valid() {
    let kinds = first_column("| kind | what happens |");
    assert!(kinds.len() > 25, "{kinds:?}");
    for kind in kinds {
        let spec = kind.split('[').next().unwrap();
        let spec = spec
            .replace("STATUS", "503")
            .replace("DURATION", "1s")
            .replace(":N", ":1");
        assert!(Fault::try_from(spec).is_ok(), "{kind}");
    }
}

#[test]
fn every_flag_is_documented_and_every_documented_flag_exists() {
    let command = Options::augment_args(Command::new("simulate"));
    let flags: Vec<String> = command
        .get_arguments()
        .filter_map(|flag| flag.get_long())
        .map(|flag| format!("--{flag}"))
        .collect();
    let documented: Vec<&str> = first_column("| flag | default |")
        .iter()
        .map(|cell| cell.split(' ').next().unwrap())
        .collect();
    assert_eq!(documented, flags);
}
