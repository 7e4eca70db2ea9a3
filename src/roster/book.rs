//! What a roster is made of, and how it is put together.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::claims::Claim;
use super::details::Pool;
use super::journal::Journal;
use super::listing::Listing;
use crate::phone::{Details, Member, PhoneId};

/// What the roster is made of.
#[derive(Debug)]
pub(super) struct Book {
    configured: Vec<PhoneId>,
    /// What a predecessor found; stands until everything was listed once.
    pub(super) remembered: BTreeMap<PhoneId, Arc<Details>>,
    pub(super) listings: Vec<Listing<Arc<Details>>>,
    pub(super) pool: Pool,
    pub(super) claim: Claim,
}

impl Book {
    /// What a roster is made of before anything was listed.
    pub(super) fn new(configured: Vec<PhoneId>, listings: Vec<Listing<Arc<Details>>>, claim: Claim) -> Self {
        Self {
            configured,
            remembered: BTreeMap::new(),
            listings,
            pool: Pool::default(),
            claim,
        }
    }

    /// What discovery knows of, each phone once.
    pub(super) fn found(&self) -> BTreeMap<&PhoneId, &Arc<Details>> {
        let listed = self.listings.iter().flat_map(Listing::phones);
        self.remembered.iter().chain(listed).collect()
    }

    /// The configured phones and those that were found, without those that are another account's.
    pub(super) fn roster(&self, journal: &mut Journal) -> Arc<[Member]> {
        let mut found = self.found();
        let wanted = self.configured.iter().chain(found.keys().copied());
        let settled = self.claim.settle(wanted, Instant::now().into_std());
        journal.others(settled.others);
        let configured: Vec<Member> = self
            .configured
            .iter()
            .map(|id| Member {
                id: id.clone(),
                details: found.remove(id).cloned(),
            })
            .collect();
        let others = found.into_iter().map(|(id, details)| Member {
            id: id.clone(),
            details: Some(details.clone()),
        });
        let all = configured.into_iter().chain(others);
        all.filter(|member| settled.own.contains(&member.id)).collect()
    }
}
