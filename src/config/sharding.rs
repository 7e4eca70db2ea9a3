//! The `sharding` section: which part of the fleet, and of each budget, is this process's.

use super::limits;
use super::problem::Diagnostics;
use super::section::Section;
use crate::targets::Shard;

pub(super) fn read(root: &Section, diagnostics: &mut Diagnostics) -> Shard {
    let section = root.section("sharding", diagnostics);
    let shards = section.whole("shards", &limits::SHARD_COUNTS, diagnostics);
    let shard = section
        .whole("shard", &(0..=limits::SHARD_COUNTS.end() - 1), diagnostics)
        .unwrap_or(0);
    if shards.is_none() && section.field("shards").is_some() {
        return Shard::WHOLE;
    }
    let shards = shards.unwrap_or(limits::SHARDS);
    if shard >= shards {
        if let Some(field) = section.field("shard") {
            let last = shards - 1;
            diagnostics.problem(field.problem(format!(
                "is \"{shard}\", but sharding.shards is {shards}; shards count from 0, so write at most {last} or raise sharding.shards"
            )));
        }
        return Shard::WHOLE;
    }
    let shard = u32::try_from(shard).ok().zip(u32::try_from(shards).ok());
    shard
        .and_then(|(shard, shards)| Shard::new(shard, shards))
        .unwrap_or(Shard::WHOLE)
}
