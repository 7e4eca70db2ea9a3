//! Gives the crate the revision and the compiler it is built from, for `--version` and the build-info metric.
//!
//! Neither is worth a failed build, so an unknown one is `unknown`. Uncommitted changes are ignored: noticing them would
//! require this script to run at every build.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for (variable, value) in [("GEELARK_REVISION", revision()), ("GEELARK_RUSTC", rustc())] {
        println!("cargo::rustc-env={variable}={}", value.as_deref().unwrap_or("unknown"));
    }
}

/// The environment's (an image is built without `.git`), else the commit that is checked out.
fn revision() -> Option<String> {
    println!("cargo::rerun-if-env-changed=GEELARK_REVISION");
    let given = env::var("GEELARK_REVISION").ok().filter(|given| !given.is_empty());
    if given.is_some() {
        return given;
    }
    // Sources that are unpacked inside another repository do not have its revision.
    if !Path::new(".git").exists() {
        return None;
    }
    // HEAD changes when a branch is checked out, its log when it names another commit.
    for file in ["HEAD", "logs/HEAD"] {
        let path = output_of("git", &["rev-parse", "--git-path", file])?;
        // For a missing file, Cargo would run this script at every build.
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    output_of("git", &["rev-parse", "--short=12", "HEAD"])
}

/// The version alone, from `rustc 1.95.0 (59807616e 2026-04-14)`. Cargo runs this script again for another compiler.
fn rustc() -> Option<String> {
    let version = output_of(&env::var("RUSTC").ok()?, &["--version"])?;
    version.split_whitespace().nth(1).map(str::to_owned)
}

/// The line that a command prints; `None` if it cannot be run, fails or prints nothing.
fn output_of(command: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(command).args(arguments).output().ok()?;
    let line = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !line.is_empty()).then_some(line)
}
