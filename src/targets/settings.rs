//! What the configuration says about discovery and sharding.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use geelark_client::phone::{ChargeMode, PhoneId};

/// The `discovery` section of an account's phones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoverySettings {
    /// Every phone that one of these admits is watched; never empty.
    pub filters: Vec<PhoneFilter>,
    /// How often to list the phones.
    pub refresh_interval: Duration,
    /// Which of the phones this process watches.
    pub shard: Shard,
}

/// Phones that satisfy every part; without any part, all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhoneFilter {
    /// Only phones in one of these groups; each once.
    pub groups: Vec<Arc<str>>,
    /// Only phones with one of these tags; each once.
    pub tags: Vec<Arc<str>>,
    /// Only phones with this billing mode.
    pub charge_mode: Option<ChargeMode>,
}

/// In words: `every phone, listed every 10m`.
impl fmt::Display for DiscoverySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filters: Vec<_> = self.filters.iter().map(ToString::to_string).collect();
        let interval = humantime::format_duration(self.refresh_interval);
        write!(f, "{}, listed every {interval}", filters.join("; or "))
    }
}

impl fmt::Display for PhoneFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |names: &[Arc<str>]| {
            names
                .iter()
                .map(|name| format!("{name:?}"))
                .collect::<Vec<_>>()
                .join(" or ")
        };
        f.write_str("every phone")?;
        if !self.groups.is_empty() {
            write!(f, " in group {}", or(&self.groups))?;
        }
        if !self.tags.is_empty() {
            write!(f, " with tag {}", or(&self.tags))?;
        }
        match self.charge_mode {
            Some(mode) => write!(f, " charged {}", mode.label()),
            None => Ok(()),
        }
    }
}

/// This process's place among those that share the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    shard: u32,
    shards: NonZeroU32,
}

impl Shard {
    /// The whole fleet.
    pub const WHOLE: Self = Self {
        shard: 0,
        shards: NonZeroU32::MIN,
    };

    /// Number `shard`, from 0, of `shards`; `None` if there is no such shard.
    pub fn new(shard: u32, shards: u32) -> Option<Self> {
        let shards = NonZeroU32::new(shards).filter(|shards| shard < shards.get())?;
        Some(Self { shard, shards })
    }

    /// Exactly one shard is the first, however many there are.
    pub fn is_first(self) -> bool {
        self.shard == 0
    }

    /// Whether this process watches everything.
    pub fn is_whole(self) -> bool {
        self.shards == NonZeroU32::MIN
    }

    /// Whether this process watches the phone. Every process must decide alike in every version, so the hash is one that
    /// a standard defines.
    pub fn keeps(self, id: &PhoneId) -> bool {
        crc32fast::hash(id.as_str().as_bytes()) % self.shards == self.shard
    }

    /// This process's part of a budget. The remainder goes to the lowest shards. `None` for a share of zero.
    pub fn share(self, budget: u32) -> Option<NonZeroU32> {
        NonZeroU32::new(budget / self.shards + u32::from(self.shard < budget % self.shards))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shard {} of {}", self.shard, self.shards)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(shard: u32, shards: u32) -> Shard {
        Shard::new(shard, shards).unwrap()
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
        let expected = [0x59f6_eb02, 0x83dc_efb7, 0x786c_7487].map(|crc: u32| Some(crc % 5));
        assert_eq!(kept, expected);
    }
}
