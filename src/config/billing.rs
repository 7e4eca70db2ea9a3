//! The `billing` section of an account.

use super::limits;
use super::model::Billing;
use super::problem::Diagnostics;
use super::section::Section;
use super::sharding::Shard;

/// Of several shards only the first asks: GeeLark counts the calls of all of them together, and allows one a minute.
pub(super) fn read(account: &Section, shard: Shard, diagnostics: &mut Diagnostics) -> Billing {
    let section = account.section("billing", diagnostics);
    let enabled = section
        .boolean("enabled", diagnostics)
        .unwrap_or(limits::BILLING_ENABLED);
    Billing {
        enabled: enabled && shard.is_first(),
    }
}
