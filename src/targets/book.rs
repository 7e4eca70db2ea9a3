//! What a targets is made of, and how it is put together.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::details::Pool;
use super::discovery_log::DiscoveryLog;
use super::listed_phones::ListedPhones;
use super::ownership::OwnershipHandle;
use geelark_client::phone::{PhoneDetails, PhoneId, Target};

/// What the targets is made of.
#[derive(Debug)]
pub(super) struct Book {
    configured: Vec<PhoneId>,
    /// What a predecessor found; stands until everything was listed once.
    pub(super) remembered: BTreeMap<PhoneId, Arc<PhoneDetails>>,
    pub(super) listings: Vec<ListedPhones<Arc<PhoneDetails>>>,
    pub(super) pool: Pool,
    pub(super) claim: OwnershipHandle,
}

impl Book {
    /// What a targets is made of before anything was listed.
    pub(super) fn new(
        configured: Vec<PhoneId>,
        listings: Vec<ListedPhones<Arc<PhoneDetails>>>,
        claim: OwnershipHandle,
    ) -> Self {
        Self {
            configured,
            remembered: BTreeMap::new(),
            listings,
            pool: Pool::default(),
            claim,
        }
    }

    /// What discovery knows of, each phone once.
    pub(super) fn found(&self) -> BTreeMap<&PhoneId, &Arc<PhoneDetails>> {
        let listed = self.listings.iter().flat_map(ListedPhones::phones);
        self.remembered.iter().chain(listed).collect()
    }

    /// The configured phones and those that were found, without those that are another account's.
    pub(super) fn targets(&self, discovery_log: &mut DiscoveryLog) -> Arc<[Target]> {
        let mut found = self.found();
        let wanted = self.configured.iter().chain(found.keys().copied());
        let settled = self.claim.settle(wanted, Instant::now().into_std());
        discovery_log.others(settled.others);
        let configured: Vec<Target> = self
            .configured
            .iter()
            .map(|id| Target {
                id: id.clone(),
                details: found.remove(id).cloned(),
            })
            .collect();
        let others = found.into_iter().map(|(id, details)| Target {
            id: id.clone(),
            details: Some(details.clone()),
        });
        let all = configured.into_iter().chain(others);
        all.filter(|member| settled.own.contains(&member.id)).collect()
    }
}
