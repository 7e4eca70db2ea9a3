//! What is known of one list after any number of readings. Pure.

use std::collections::BTreeMap;

use super::list_reader::ListReading;
use super::settings::PhoneFilter;
use geelark_client::ListFilter;
use geelark_client::phone::PhoneId;

/// One list, and what is kept of each of its phones.
#[derive(Debug)]
pub(super) struct ListedPhones<V> {
    pub(super) filter: ListFilter,
    /// The phones of the last reading; `None` before the first.
    last: Option<BTreeMap<PhoneId, V>>,
    /// Phones that the last reading missed and the one before had.
    missed: BTreeMap<PhoneId, V>,
}

impl<V> ListedPhones<V> {
    /// The lists that have the phones of `filters`, each once. GeeLark takes one group a call.
    pub(super) fn all(filters: &[PhoneFilter]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for PhoneFilter {
            groups,
            tags,
            charge_mode,
        } in filters
        {
            let everywhere = groups.is_empty().then_some(None);
            for group in groups.iter().cloned().map(Some).chain(everywhere) {
                let (tags, charge_mode) = (tags.clone(), *charge_mode);
                let filter = ListFilter {
                    group,
                    tags,
                    charge_mode,
                };
                if all.iter().all(|list| list.filter != filter) {
                    all.push(Self::new(filter));
                }
            }
        }
        all
    }

    fn new(filter: ListFilter) -> Self {
        Self {
            filter,
            last: None,
            missed: BTreeMap::new(),
        }
    }

    /// The phones, as far as they are known.
    pub(super) fn phones(&self) -> impl Iterator<Item = (&PhoneId, &V)> {
        self.last.iter().flatten().chain(&self.missed)
    }

    /// The id as it is stored already, so that all readings share one allocation.
    pub(super) fn id(&self, id: &str) -> PhoneId {
        let known = self.last.as_ref().and_then(|last| last.get_key_value(id));
        known.map_or_else(|| id.into(), |(id, _)| id.clone())
    }

    /// Adds a reading. True if it is confirmed: it cannot have missed a phone.
    pub(super) fn add_reading(&mut self, reading: ListReading<V>) -> bool {
        let ListReading {
            phones,
            steady,
            one_page,
        } = reading;
        let before = self.last.take();
        let agrees = before.as_ref().is_some_and(|before| before.keys().eq(phones.keys()));
        let before = before.unwrap_or_default();
        let lost_all = !before.is_empty() && phones.is_empty();
        let is_confirmed = steady && (agrees || one_page && !lost_all);
        let is_missed = |(id, _): &(PhoneId, V)| !is_confirmed && !phones.contains_key(id);
        self.missed = before.into_iter().filter(is_missed).collect();
        self.last = Some(phones);
        is_confirmed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(ids: &[&str], one_page: bool) -> ListReading<()> {
        ListReading {
            phones: ids.iter().map(|id| ((*id).into(), ())).collect(),
            steady: true,
            one_page,
        }
    }

    fn shifted(ids: &[&str]) -> ListReading<()> {
        ListReading {
            steady: false,
            ..reading(ids, false)
        }
    }

    fn ids(listed_phones: &ListedPhones<()>) -> Vec<&str> {
        let mut ids: Vec<_> = listed_phones.phones().map(|(id, ())| id.as_str()).collect();
        ids.sort_unstable();
        ids
    }

    fn listed_phones() -> ListedPhones<()> {
        ListedPhones::new(ListFilter::default())
    }

    #[test]
    fn each_group_is_a_list() {
        let filter = PhoneFilter {
            groups: vec!["a".into(), "b".into()],
            tags: vec!["prod".into(), "vip".into()],
            charge_mode: None,
        };
        let only_b = PhoneFilter {
            groups: vec!["b".into()],
            ..filter.clone()
        };
        let lists = ListedPhones::<()>::all(&[filter, only_b, PhoneFilter::default()]);
        let groups: Vec<_> = lists
            .iter()
            .map(|listed_phones| listed_phones.filter.group.as_deref())
            .collect();
        assert_eq!(groups, [Some("a"), Some("b"), None]);
        let tags: Vec<_> = lists
            .iter()
            .map(|listed_phones| listed_phones.filter.tags.len())
            .collect();
        assert_eq!(tags, [2, 2, 0]);
    }

    #[test]
    fn a_list_of_one_page_is_confirmed_at_once() {
        let mut listed_phones = listed_phones();
        assert!(listed_phones.add_reading(reading(&["1", "2"], true)));
        assert!(listed_phones.add_reading(reading(&["2", "3"], true)));
        assert_eq!(ids(&listed_phones), ["2", "3"]);
    }

    #[test]
    fn a_list_of_several_pages_is_confirmed_by_a_second_reading_that_agrees() {
        let mut listed_phones = listed_phones();
        assert!(!listed_phones.add_reading(reading(&["1", "2"], false)));
        assert_eq!(ids(&listed_phones), ["1", "2"], "what is listed is there");
        assert!(listed_phones.add_reading(reading(&["1", "2"], false)));
        assert!(
            listed_phones.add_reading(reading(&["1", "2"], false)),
            "the readings before count"
        );
    }

    #[test]
    fn a_phone_is_dropped_when_two_readings_miss_it() {
        let mut listed_phones = listed_phones();
        listed_phones.add_reading(reading(&["1", "2", "3"], false));
        // 1 went when its page had been read, so that 2 was missed.
        assert!(!listed_phones.add_reading(reading(&["1", "3"], false)));
        assert_eq!(ids(&listed_phones), ["1", "2", "3"]);
        assert!(!listed_phones.add_reading(reading(&["2", "3"], false)));
        assert_eq!(ids(&listed_phones), ["1", "2", "3"]);
        assert!(listed_phones.add_reading(reading(&["2", "3"], false)));
        assert_eq!(ids(&listed_phones), ["2", "3"]);
    }

    #[test]
    fn a_list_that_changes_all_the_time_is_followed() {
        let mut listed_phones = listed_phones();
        for (ids_read, expected) in [
            (["1", "2"], vec!["1", "2"]),
            (["2", "3"], vec!["1", "2", "3"]),
            (["3", "4"], vec!["2", "3", "4"]),
            (["3", "4"], vec!["3", "4"]),
        ] {
            assert!(!listed_phones.add_reading(shifted(&ids_read)));
            assert_eq!(ids(&listed_phones), expected);
        }
    }

    #[test]
    fn an_empty_list_in_place_of_phones_needs_a_second_reading() {
        let mut listed_phones = listed_phones();
        assert!(
            listed_phones.add_reading(reading(&[], true)),
            "there was nothing to lose"
        );
        assert!(listed_phones.add_reading(reading(&["1"], true)));
        assert!(!listed_phones.add_reading(reading(&[], true)));
        assert_eq!(ids(&listed_phones), ["1"]);
        assert!(listed_phones.add_reading(reading(&[], true)));
        assert_eq!(ids(&listed_phones), [""; 0]);
    }
}
