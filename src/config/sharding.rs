//! Which part of the fleet, and of each budget, is this process's.

use std::num::NonZeroU32;

use super::limits;
use super::problem::Diagnostics;
use super::section::Section;
use geelark_client::phone::PhoneId;

/// This process's place among those that share the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    shard: u32,
    shards: NonZeroU32,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Self = Self {
        shard: 0,
        shards: NonZeroU32::MIN,
    };

    pub(super) fn read(root: &Section, diagnostics: &mut Diagnostics) -> Self {
        let section = root.section("sharding", diagnostics);
        let shards = section.whole("shards", &limits::SHARD_COUNTS, diagnostics);
        let shard = section
            .whole("shard", &(0..=limits::SHARD_COUNTS.end() - 1), diagnostics)
            .unwrap_or(0);
        if shards.is_none() && section.field("shards").is_some() {
            return Self::WHOLE;
        }
        let shards = shards.unwrap_or(limits::SHARDS);
        if shard >= shards {
            if let Some(field) = section.field("shard") {
                let last = shards - 1;
                diagnostics.problem(field.problem(format!(
                    "is \"{shard}\", but sharding.shards is {shards}; shards count from 0, so write at most {last} or raise sharding.shards"
                )));
            }
            return Self::WHOLE;
        }
        match (u32::try_from(shard), u32::try_from(shards).map(NonZeroU32::new)) {
            (Ok(shard), Ok(Some(shards))) => Self { shard, shards },
            _ => Self::WHOLE,
        }
    }

    /// One of several.
    #[cfg(test)]
    pub(crate) fn of(shard: u32, shards: u32) -> Self {
        Self {
            shard,
            shards: NonZeroU32::new(shards).unwrap(),
        }
    }

    /// Exactly one shard is the first, however many there are.
    pub(super) fn is_first(self) -> bool {
        self.shard == 0
    }

    pub(super) fn is_whole(self) -> bool {
        self.shards == NonZeroU32::MIN
    }

    /// Whether the phone is this process's. Every process must come to the same answer in every version, so the hash is
    /// one that is defined by a standard.
    pub fn keeps(self, id: &PhoneId) -> bool {
        crc32fast::hash(id.as_str().as_bytes()) % self.shards == self.shard
    }

    /// This process's part of a budget; the lower shards take what does not divide.
    pub(super) fn share(self, budget: u32) -> Option<NonZeroU32> {
        NonZeroU32::new(budget / self.shards + u32::from(self.shard < budget % self.shards))
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "shard {} of {}", self.shard, self.shards)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(shard: u32, shards: u32) -> Shard {
        Shard::of(shard, shards)
    }

    #[test]
    fn the_shares_add_up_to_the_budget() {
        let shares = |budget, shards| -> Vec<u32> {
            (0..shards)
                .map(|it| shard(it, shards).share(budget).map_or(0, NonZeroU32::get))
                .collect()
        };
        assert_eq!(shares(100, 1), [100]);
        assert_eq!(shares(100, 3), [34, 33, 33]);
        assert_eq!(shares(2, 3), [1, 1, 0]);
    }

    #[test]
    fn every_phone_is_kept_by_exactly_one_shard() {
        for number in 0..1000 {
            let id = PhoneId::from(number.to_string().as_str());
            assert_eq!((0..7).filter(|it| shard(*it, 7).keeps(&id)).count(), 1);
        }
    }

    #[test]
    fn a_phone_keeps_its_shard_from_version_to_version() {
        let ids = ["588732926036803641", "1", "123456ABCDEF"].map(PhoneId::from);
        let kept = ids.map(|id| (0..5).find(|it| shard(*it, 5).keeps(&id)));
        // As zlib computes them.
        assert_eq!(
            kept,
            [0x59f6_eb02, 0x83dc_efb7, 0x786c_7487].map(|crc: u32| Some(crc % 5))
        );
    }
}
