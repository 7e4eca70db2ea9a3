//! `docs/simulator.md` lists the faults and the flags that exist.

use clap::{Args, Command, CommandFactory};

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
fn every_fault_is_documented_and_every_documented_fault_exists() {
    let command = Fault::command();
    let mut kinds: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
    let mut documented: Vec<&str> = first_column("| kind | what happens |")
        .iter()
        .map(|kind| kind.split(['[', ':']).next().unwrap())
        .collect();
    kinds.sort_unstable();
    documented.sort_unstable();
    assert_eq!(documented, kinds);
}

#[test]
fn every_key_of_a_fault_is_documented_and_every_documented_key_exists() {
    let command = Fault::command();
    let http = command.find_subcommand("http").unwrap();
    let flags = command.get_arguments().chain(http.get_arguments());
    let keys: Vec<&str> = flags.filter_map(|flag| flag.get_long()).collect();
    assert_eq!(first_column("| key | meaning |"), keys);
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
