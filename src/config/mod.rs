//! Files and environment to a valid [`Config`]: the only room that reads them.
//!
//! The way is always the same: `yaml` reads the file, `environment` says what overrides it, `sources` merges both, and
//! `section` and `field` are the typed reader with which the modules named after sections look at the result. Every
//! problem is noted and the reading goes on, so that [`load`] reports all of them at once. `keys` lists every key there
//! is, `limits` every default and bound.
//!
//! Always true: no [`Problem`], warning or `Debug` output holds a secret, and no value that was not checked leaves this
//! room.

mod account;
mod billing;
mod credentials;
mod discovery;
mod environment;
mod field;
mod files;
mod keys;
mod limits;
mod model;
mod phones;
mod problem;
mod section;
mod sharding;
mod sources;
#[cfg(test)]
mod tests;
mod webhook;
mod yaml;

use std::path::PathBuf;

pub use model::{Account, Billing, Budget, Config};
pub use problem::{Problem, Problems};
pub use sources::Sources;

use problem::Diagnostics;
use section::Section;

/// The configuration that `sources` describe, or everything that is wrong with it.
pub fn load(sources: &Sources) -> Result<Config, Problems> {
    load_for(sources, account::SeenAccounts::default())
}

/// Like [`load`], for whoever wants to see the phones there are: an account may be without any yet.
pub fn load_accounts(sources: &Sources) -> Result<Config, Problems> {
    load_for(sources, account::SeenAccounts::without_phones())
}

fn load_for(sources: &Sources, others: account::SeenAccounts) -> Result<Config, Problems> {
    let mut diagnostics = Diagnostics::default();
    let read = sources.read()?;
    let (accounts, state) = everything(&read, others, &mut diagnostics);
    let (warnings, followed) = diagnostics.finish()?;
    Ok(Config {
        accounts,
        state,
        warnings,
        document: read.document,
        followed,
    })
}

/// The accounts that are right, and the folder of the state; the diagnostics tell of the others.
fn everything(
    sources: &Sources,
    mut others: account::SeenAccounts,
    diagnostics: &mut Diagnostics,
) -> (Vec<Account>, Option<PathBuf>) {
    let Some(tree) = sources::merge(sources, diagnostics) else {
        return (Vec::new(), None);
    };
    let place = sources.place();
    let root = Section::root(&tree, &place, sources.folder(), diagnostics);
    let sections = root.sections("accounts", diagnostics);
    let shard = sharding::read(&root, diagnostics);
    let state = root
        .section("state", diagnostics)
        .field("path")
        .and_then(|field| field.directory(diagnostics));
    if sections.is_none() {
        let sentence = "there are no accounts; describe at least one under \"accounts:\"";
        diagnostics.problem(Problem::new(place.as_str(), sentence));
    }
    let accounts = sections
        .iter()
        .flatten()
        .filter_map(|section| account::read(section, shard, &mut others, diagnostics));
    (accounts.collect(), state)
}
