//! Files and environment to a valid [`Config`]: the only room that reads them.
//!
//! The way is always the same: `yaml` reads the file, `environment` says what overrides it, `sources` merges both, and
//! `section` and `field` are the typed reader with which `account`, `credentials`, `phones`, `discovery` and `sharding` look at the result. Every
//! problem is noted and the reading goes on, so that [`load`] reports all of them at once. `keys` lists every key there
//! is, `limits` every default and bound.
//!
//! Always true: no [`Problem`], warning or `Debug` output holds a secret, and no value that was not checked leaves this
//! room.

mod account;
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
mod secret;
mod section;
mod sharding;
mod sources;
#[cfg(test)]
mod tests;
mod yaml;

pub use discovery::{Discovery, Filter};
pub use model::{Account, Budget, Config, Credentials, Poll};
pub use problem::{Problem, Problems};
pub use secret::Secret;
pub use sharding::Shard;
pub use sources::Sources;

use problem::Notes;
use section::Section;

/// The configuration that `sources` describe, or everything that is wrong with it.
pub fn load(sources: &Sources) -> Result<Config, Problems> {
    let mut notes = Notes::default();
    let read = sources.read()?;
    let accounts = accounts(&read, &mut notes);
    let (warnings, followed) = notes.finish()?;
    Ok(Config {
        accounts,
        warnings,
        document: read.document,
        followed,
    })
}

/// The accounts that are right; the notes tell of the others.
fn accounts(sources: &Sources, notes: &mut Notes) -> Vec<Account> {
    let Some(tree) = sources::merge(sources, notes) else {
        return Vec::new();
    };
    let place = sources.place();
    let root = Section::root(&tree, &place, sources.folder(), notes);
    let sections = root.sections("accounts", notes);
    let shard = Shard::read(&root, notes);
    if sections.is_none() {
        let sentence = "there are no accounts; describe at least one under \"accounts:\"";
        notes.problem(Problem::new(place.as_str(), sentence));
    }
    let mut others = account::Others::default();
    sections
        .iter()
        .flatten()
        .filter_map(|section| account::read(section, shard, &mut others, notes))
        .collect()
}
