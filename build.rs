//! Tells the crate which revision it is built from and by which compiler, for `--version` and the build-info metric.
//!
//! Neither is worth a failed build: what cannot be found out is `unknown`. Uncommitted changes are not looked for, since
//! noticing them would mean running this script at every build.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let unknown = || "unknown".to_owned();
    println!(
        "cargo::rustc-env=GEELARK_REVISION={}",
        revision().unwrap_or_else(unknown)
    );
    println!("cargo::rustc-env=GEELARK_RUSTC={}", rustc().unwrap_or_else(unknown));
}

/// What the builder says (an image is built without `.git`), else the commit that is checked out.
fn revision() -> Option<String> {
    println!("cargo::rerun-if-env-changed=GEELARK_REVISION");
    if let Ok(given) = env::var("GEELARK_REVISION")
        && !given.is_empty()
    {
        return Some(given);
    }
    // Sources unpacked inside somebody's repository must not borrow its revision.
    if !Path::new(".git").exists() {
        return None;
    }
    // HEAD changes when a branch is checked out, its log whenever it comes to mean another commit.
    for file in ["HEAD", "logs/HEAD"] {
        let path = said_by("git", &["rev-parse", "--git-path", file])?;
        // Cargo would run this script at every build for a file that is not there.
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    said_by("git", &["rev-parse", "--short=12", "HEAD"])
}

/// The version alone, from `rustc 1.95.0 (59807616e 2026-04-14)`. Cargo runs this script again for another compiler.
fn rustc() -> Option<String> {
    let said = said_by(&env::var("RUSTC").ok()?, &["--version"])?;
    said.split_whitespace().nth(1).map(str::to_owned)
}

/// The one line that a command prints; `None` if it cannot be run, fails or says nothing.
fn said_by(command: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(command).args(arguments).output().ok()?;
    let line = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !line.is_empty()).then_some(line)
}
