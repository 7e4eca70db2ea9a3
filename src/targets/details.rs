//! The details of phones that a list contains. Equal details are stored once.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use geelark_client::ListedPhone;
use geelark_client::clock::UnixTime;

use crate::fleet::PhoneDetails;

/// `rpaStatus` of a phone on which a task runs.
const TASK_RUNS: i64 = 1;

/// Every text and every set of details in use, once. A hundred thousand phones of few groups and models share a few
/// allocations.
#[derive(Debug, Default)]
pub(super) struct Pool {
    texts: HashSet<Arc<str>>,
    details: HashSet<Arc<PhoneDetails>>,
}

impl Pool {
    /// The details of `phone`. An empty text counts as unknown.
    pub(super) fn details(&mut self, phone: &ListedPhone) -> Arc<PhoneDetails> {
        let mut text = |text: &Option<String>| {
            let text = text.as_deref().filter(|text| !text.is_empty());
            text.map(|text| shared(&mut self.texts, text))
        };
        let details = PhoneDetails {
            group: text(&phone.group),
            charge_mode: phone.charge_mode,
            os_version: text(&phone.os_version),
            brand: text(&phone.brand),
            model: text(&phone.model),
            country: text(&phone.country),
            expires: phone.monthly_expire.filter(|at| *at > 0).map(UnixTime),
            task_running: phone.rpa_status.map(|code| code == TASK_RUNS),
        };
        shared(&mut self.details, details)
    }

    /// Drops texts and details that no phone has any more.
    pub(super) fn drop_unused(&mut self) {
        self.details.retain(|details| Arc::strong_count(details) > 1);
        self.texts.retain(|text| Arc::strong_count(text) > 1);
    }
}

/// The value of the set that equals `value`; it is added if it is missing.
fn shared<T, V>(known: &mut HashSet<Arc<T>>, value: V) -> Arc<T>
where
    T: ?Sized + Eq + Hash,
    V: Borrow<T> + Into<Arc<T>>,
{
    if let Some(known) = known.get(value.borrow()) {
        return known.clone();
    }
    let value = value.into();
    known.insert(value.clone());
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use geelark_client::phone::ChargeMode;

    fn listed(id: &str, model: &str) -> ListedPhone {
        ListedPhone {
            id: id.into(),
            group: Some("farm-a".into()),
            model: Some(model.into()),
            country: Some(String::new()),
            charge_mode: Some(ChargeMode::PER_MINUTE),
            monthly_expire: Some(0),
            rpa_status: Some(0),
            ..ListedPhone::default()
        }
    }

    #[test]
    fn an_empty_text_and_a_zero_are_unknown() {
        let details = Pool::default().details(&listed("1", "Pixel 7"));
        assert_eq!((&details.country, details.expires), (&None, None));
        assert_eq!(
            (details.model.as_deref(), details.task_running),
            (Some("Pixel 7"), Some(false))
        );
    }

    #[test]
    fn equal_texts_and_details_are_stored_once() {
        let mut pool = Pool::default();
        let phones = ["Pixel 7", "Pixel 7", "Mi 12"].map(|model| pool.details(&listed("1", model)));
        assert!(Arc::ptr_eq(&phones[0], &phones[1]));
        let groups = phones.each_ref().map(|details| details.group.clone().unwrap());
        assert!(Arc::ptr_eq(&groups[0], &groups[2]));
        drop((groups, phones));
        pool.drop_unused();
        assert!(pool.details.is_empty() && pool.texts.is_empty());
    }
}
