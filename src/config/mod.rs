//! Reads files and environment into a valid [`Config`]. No other room reads them.
//!
//! `sources` reads the file. serde makes it the typed sections of `raw`, where the first problem of shape ends the reading,
//! and `environment` sets what variables give. Then the modules named after sections check the values, and report all
//! problems at once. `limits` has every default and bound.
//!
//! No problem, warning or `Debug` output contains a credential.

mod account;
mod credentials;
mod discovery;
mod environment;
mod http_url;
mod limits;
mod model;
mod phones;
mod raw;
mod sources;
#[cfg(test)]
mod tests;
mod webhook;

pub use config_file::Problems;
pub use model::{AccountConfig, Config};
pub use sources::Sources;

use account::SeenAccounts;
use config_file::{Mapping, Section};
use raw::{RawAccount, RawConfig, RawSharding};

use crate::targets::Shard;

/// The configuration that `sources` describe, or everything that is wrong with it.
pub fn load(sources: &Sources) -> Result<Config, Problems> {
    load_for(sources, SeenAccounts::default())
}

/// Like [`load`], for commands that list the phones: an account may have none yet.
pub fn load_accounts(sources: &Sources) -> Result<Config, Problems> {
    load_for(sources, SeenAccounts::without_phones())
}

fn load_for(sources: &Sources, seen: SeenAccounts) -> Result<Config, Problems> {
    let sources = sources.read()?;
    let mut file = sources.file()?;
    let mut root = file.values();
    environment::apply(&sources.env, &mut root, &mut file);
    let (mut accounts, mut state) = (Vec::new(), None);
    if file.problems() == 0 {
        let section = file.section("");
        state = section.section("state").path("path", &root.state.path, "folder");
        accounts = accounts_of(&root, &section, seen);
    }
    let (result, followed) = file.finish();
    Ok(Config {
        accounts,
        state,
        warnings: result?,
        document: sources.document,
        followed,
    })
}

fn accounts_of(root: &RawConfig, file: &Section<'_>, mut seen: SeenAccounts) -> Vec<AccountConfig> {
    let shard = shard(&root.sharding, &file.section("sharding"));
    let accounts = root.accounts.as_deref().unwrap_or_default();
    if accounts.is_empty() {
        let sentence = if file.file().is_empty() {
            "nothing is configured; name a file with --config.file, or set GEELARK_TOKEN and GEELARK_PHONE_IDS"
        } else {
            "there are no accounts; describe at least one under \"accounts:\""
        };
        file.file().problem(format!("{}: {sentence}", file.file().place()));
    }
    let read = |(position, Mapping(raw)): (usize, &Mapping<RawAccount>)| {
        account::read(raw, &file.section(&format!("accounts[{position}]")), shard, &mut seen)
    };
    accounts.iter().enumerate().filter_map(read).collect()
}

/// The `sharding` section: which part of the fleet, and of each budget, belongs to this process.
fn shard(raw: &RawSharding, section: &Section<'_>) -> Shard {
    let last = limits::SHARD_COUNTS.end() - 1;
    let shards = section.whole("shards", &raw.shards, &limits::SHARD_COUNTS);
    let shard = section.whole("shard", &raw.shard, &(0..=last)).unwrap_or(0);
    let shards = match (shards, &raw.shards) {
        (None, Some(_)) => return Shard::WHOLE,
        (shards, _) => shards.unwrap_or(limits::SHARDS),
    };
    if shard >= shards {
        let most = shards - 1;
        let wrong = format!("is \"{shard}\", but sharding.shards is {shards}");
        let advice = format!("shards count from 0, so write at most {most} or raise sharding.shards");
        section.report("shard", format!("{wrong}; {advice}"));
    }
    Shard::new(shard, shards).unwrap_or(Shard::WHOLE)
}
