//! What is believed of one listing after any number of readings. Pure.

use std::collections::BTreeMap;

use super::reader::Pass;
use crate::config;
use crate::geelark::Filter;
use crate::phone::PhoneId;

/// One listing, and what is kept of each of its phones.
#[derive(Debug)]
pub(super) struct Listing<V> {
    pub(super) filter: Filter,
    /// The phones of the last reading; `None` before the first.
    last: Option<BTreeMap<PhoneId, V>>,
    /// Phones that the last reading missed and the one before had.
    missed: BTreeMap<PhoneId, V>,
}

impl<V> Listing<V> {
    /// Every listing it takes to find the phones of `filters`. GeeLark takes one group a call.
    pub(super) fn all(filters: &[config::Filter]) -> Vec<Self> {
        let mut all: Vec<Filter> = Vec::new();
        for filter in filters {
            let groups = filter.groups.iter().cloned().map(Some);
            let everywhere = filter.groups.is_empty().then_some(None);
            for group in groups.chain(everywhere) {
                let listing = Filter {
                    group,
                    tags: filter.tags.clone(),
                    charge_mode: filter.charge_mode,
                };
                if !all.contains(&listing) {
                    all.push(listing);
                }
            }
        }
        all.into_iter().map(Self::new).collect()
    }

    fn new(filter: Filter) -> Self {
        Self {
            filter,
            last: None,
            missed: BTreeMap::new(),
        }
    }

    /// The phones there are, as far as is known.
    pub(super) fn phones(&self) -> impl Iterator<Item = (&PhoneId, &V)> {
        self.last.iter().flatten().chain(&self.missed)
    }

    /// The id as it is kept already, so that one allocation serves all readings.
    pub(super) fn id(&self, id: &str) -> PhoneId {
        let known = self.last.as_ref().and_then(|last| last.get_key_value(id));
        known.map_or_else(|| id.into(), |(id, _)| id.clone())
    }

    /// Takes in a reading. True if it is proven: nothing can have been passed over.
    pub(super) fn take_in(&mut self, pass: Pass<V>) -> bool {
        let agrees = self
            .last
            .as_ref()
            .is_some_and(|last| last.keys().eq(pass.phones.keys()));
        let had_phones = self.last.as_ref().is_some_and(|last| !last.is_empty());
        let lost_all = had_phones && pass.phones.is_empty();
        let is_proven = pass.steady && (agrees || pass.one_page && !lost_all);
        let before = self.last.replace(pass.phones).unwrap_or_default();
        self.missed = before;
        match &self.last {
            Some(last) if !is_proven => self.missed.retain(|id, _| !last.contains_key(id)),
            _ => self.missed.clear(),
        }
        is_proven
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(ids: &[&str], one_page: bool) -> Pass<()> {
        Pass {
            phones: ids.iter().map(|id| ((*id).into(), ())).collect(),
            steady: true,
            one_page,
        }
    }

    fn shifted(ids: &[&str]) -> Pass<()> {
        Pass {
            steady: false,
            ..pass(ids, false)
        }
    }

    fn ids(listing: &Listing<()>) -> Vec<&str> {
        let mut ids: Vec<_> = listing.phones().map(|(id, _)| id.as_str()).collect();
        ids.sort_unstable();
        ids
    }

    fn listing() -> Listing<()> {
        Listing::new(Filter::default())
    }

    #[test]
    fn every_group_is_a_listing_of_its_own() {
        let filter = config::Filter {
            groups: vec!["a".into(), "b".into()],
            tags: vec!["prod".into(), "vip".into()],
            charge_mode: None,
        };
        let only_b = config::Filter {
            groups: vec!["b".into()],
            ..filter.clone()
        };
        let listings = Listing::<()>::all(&[filter, only_b, config::Filter::default()]);
        let groups: Vec<_> = listings.iter().map(|listing| listing.filter.group.as_deref()).collect();
        assert_eq!(groups, [Some("a"), Some("b"), None]);
        let tags: Vec<_> = listings.iter().map(|listing| listing.filter.tags.len()).collect();
        assert_eq!(tags, [2, 2, 0]);
    }

    #[test]
    fn one_page_proves_itself() {
        let mut listing = listing();
        assert!(listing.take_in(pass(&["1", "2"], true)));
        assert!(listing.take_in(pass(&["2", "3"], true)));
        assert_eq!(ids(&listing), ["2", "3"]);
    }

    #[test]
    fn several_pages_are_proven_by_a_second_reading_that_agrees() {
        let mut listing = listing();
        assert!(!listing.take_in(pass(&["1", "2"], false)));
        assert_eq!(ids(&listing), ["1", "2"], "what is listed is there");
        assert!(listing.take_in(pass(&["1", "2"], false)));
        assert!(listing.take_in(pass(&["1", "2"], false)), "the readings before count");
    }

    #[test]
    fn a_phone_that_was_passed_over_stays_and_one_missing_twice_goes() {
        let mut listing = listing();
        listing.take_in(pass(&["1", "2", "3"], false));
        // 1 went when its page had been read, so that 2 was passed over.
        assert!(!listing.take_in(pass(&["1", "3"], false)));
        assert_eq!(ids(&listing), ["1", "2", "3"]);
        assert!(!listing.take_in(pass(&["2", "3"], false)));
        assert_eq!(ids(&listing), ["1", "2", "3"]);
        assert!(listing.take_in(pass(&["2", "3"], false)));
        assert_eq!(ids(&listing), ["2", "3"]);
    }

    #[test]
    fn a_list_that_never_stands_still_is_still_followed() {
        let mut listing = listing();
        for (ids_read, expected) in [
            (["1", "2"], vec!["1", "2"]),
            (["2", "3"], vec!["1", "2", "3"]),
            (["3", "4"], vec!["2", "3", "4"]),
            (["3", "4"], vec!["3", "4"]),
        ] {
            assert!(!listing.take_in(shifted(&ids_read)));
            assert_eq!(ids(&listing), expected);
        }
    }

    #[test]
    fn an_empty_list_in_place_of_phones_needs_a_second_word() {
        let mut listing = listing();
        assert!(listing.take_in(pass(&[], true)), "there was nothing to lose");
        assert!(listing.take_in(pass(&["1"], true)));
        assert!(!listing.take_in(pass(&[], true)));
        assert_eq!(ids(&listing), ["1"]);
        assert!(listing.take_in(pass(&[], true)));
        assert_eq!(ids(&listing), [""; 0]);
    }
}
