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
mod mark;
mod model;
mod phones;
mod problem;
mod secret;
mod section;
mod sharding;
mod sources;
#[cfg(test)]
mod tests;
mod webhook;
mod yaml;

use std::path::PathBuf;

pub use discovery::{Discovery, Filter};
pub use model::{Account, Billing, Budget, Config, Credentials, Poll, Receiver, Webhook};
pub use problem::{Problem, Problems};
pub use secret::Secret;
pub use sharding::Shard;
pub use sources::Sources;

use problem::Notes;
use section::Section;

/// The configuration that `sources` describe, or everything that is wrong with it.
pub fn load(sources: &Sources) -> Result<Config, Problems> {
    load_for(sources, account::Others::default())
}

/// Like [`load`], for whoever wants to see the phones there are: an account may be without any yet.
pub fn load_accounts(sources: &Sources) -> Result<Config, Problems> {
    load_for(sources, account::Others::without_phones())
}

fn load_for(sources: &Sources, others: account::Others) -> Result<Config, Problems> {
    let mut notes = Notes::default();
    let read = sources.read()?;
    let (accounts, state) = everything(&read, others, &mut notes);
    let (warnings, followed) = notes.finish()?;
    Ok(Config {
        accounts,
        state,
        warnings,
        document: read.document,
        followed,
    })
}

/// The accounts that are right, and the folder of the state; the notes tell of the others.
fn everything(sources: &Sources, mut others: account::Others, notes: &mut Notes) -> (Vec<Account>, Option<PathBuf>) {
    let Some(tree) = sources::merge(sources, notes) else {
        return (Vec::new(), None);
    };
    let place = sources.place();
    let root = Section::root(&tree, &place, sources.folder(), notes);
    let sections = root.sections("accounts", notes);
    let shard = Shard::read(&root, notes);
    let state = root
        .section("state", notes)
        .field("path")
        .and_then(|field| field.directory(notes));
    if sections.is_none() {
        let sentence = "there are no accounts; describe at least one under \"accounts:\"";
        notes.problem(Problem::new(place.as_str(), sentence));
    }
    let accounts = sections
        .iter()
        .flatten()
        .filter_map(|section| account::read(section, shard, &mut others, notes));
    (accounts.collect(), state)
}
