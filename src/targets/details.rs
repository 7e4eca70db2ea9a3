//! What a list says of a phone, stored once for all phones of which it says the same.

use std::collections::HashSet;
use std::sync::Arc;

use geelark_client::ListedPhone;
use geelark_client::clock::UnixTime;

use crate::fleet::PhoneDetails;

/// `rpaStatus` of a phone on which a task runs.
const TASK_RUNS: i64 = 1;

/// Every text and every set of details in use, once. Phones of one group and model differ in little else, so that a
/// hundred thousand of them share a few allocations.
#[derive(Debug, Default)]
pub(super) struct Pool {
    texts: HashSet<Arc<str>>,
    details: HashSet<Arc<PhoneDetails>>,
}

impl Pool {
    /// The details of `phone`.
    pub(super) fn details(&mut self, phone: &ListedPhone) -> Arc<PhoneDetails> {
        let details = PhoneDetails {
            group: self.text(phone.group.as_deref()),
            charge_mode: phone.charge_mode,
            os_version: self.text(phone.os_version.as_deref()),
            brand: self.text(phone.brand.as_deref()),
            model: self.text(phone.model.as_deref()),
            country: self.text(phone.country.as_deref()),
            expires: phone.monthly_expire.filter(|at| *at > 0).map(UnixTime),
            task_running: phone.rpa_status.map(|code| code == TASK_RUNS),
        };
        if let Some(known) = self.details.get(&details) {
            return known.clone();
        }
        let details = Arc::new(details);
        self.details.insert(details.clone());
        details
    }

    /// Drops what no phone has any more.
    pub(super) fn drop_unused(&mut self) {
        self.details.retain(|details| Arc::strong_count(details) > 1);
        self.texts.retain(|text| Arc::strong_count(text) > 1);
    }

    /// An empty text says nothing.
    fn text(&mut self, text: Option<&str>) -> Option<Arc<str>> {
        let text = text.filter(|text| !text.is_empty())?;
        if let Some(known) = self.texts.get(text) {
            return Some(known.clone());
        }
        let text: Arc<str> = text.into();
        self.texts.insert(text.clone());
        Some(text)
    }
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
    fn what_is_empty_or_zero_tells_nothing() {
        let details = Pool::default().details(&listed("1", "Pixel 7"));
        assert_eq!((&details.country, details.expires), (&None, None));
        assert_eq!(
            (details.model.as_deref(), details.task_running),
            (Some("Pixel 7"), Some(false))
        );
    }

    #[test]
    fn phones_of_which_the_same_is_told_share_it() {
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
