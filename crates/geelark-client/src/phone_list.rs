//! `/open/v1/phone/list`: the phones of an account, a page at a time.
//!
//! The response is full of secrets and personal data: proxies with passwords, phone numbers, IMEIs, hardware addresses.
//! Fields that are not named here are never read, so none of these leaves the bytes of the response.

use std::sync::Arc;

use serde_json::{Value, json};

use super::call::Endpoint;
use super::envelope::ResponseData;
use super::json::{Field, entries, fields, id, integer, list, nested, text};
use crate::phone::{ChargeMode, Status};

/// The number of phones on a page, as GeeLark documents it.
pub const PAGE_SIZE: usize = 100;

/// The largest number of entries of a page that are read. A page with more than ten times the requested number is
/// nonsense, and reading it would cost memory.
const MAX_ENTRIES: usize = 10 * PAGE_SIZE;

/// The longest text that is kept, in characters. It is part of every scrape.
const MAX_CHARS: usize = 256;

/// Which phones are listed: those that satisfy every condition. The default lists all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// The name of the phone's group.
    pub group: Option<Arc<str>>,
    /// Tags, of which the phone has at least one.
    pub tags: Vec<Arc<str>>,
    /// How the phone is paid for.
    pub charge_mode: Option<ChargeMode>,
}

/// A page of a list, as GeeLark sent it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The number of phones on all pages; `None` if GeeLark did not say.
    pub total: Option<usize>,
    /// The number of entries of this page, unreadable ones included.
    pub entries: usize,
    /// The entries with an id, in GeeLark's order; of an overlong page only the first thousand.
    pub phones: Vec<ListedPhone>,
}

/// An entry of a list. A field that is missing or of another type is `None`. Texts may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "`listed` names the field of GeeLark's that each of them has")]
pub struct ListedPhone {
    pub id: String,
    pub name: Option<String>,
    pub status: Option<Status>,
    pub group: Option<String>,
    pub tags: Option<Vec<String>>,
    pub charge_mode: Option<ChargeMode>,
    pub monthly_expire: Option<i64>,
    pub rpa_status: Option<i64>,
    pub country: Option<String>,
    pub os_version: Option<String>,
    pub brand: Option<String>,
    pub model: Option<String>,
}

impl ListFilter {
    /// Whether `phone` satisfies the filter, as far as its fields are known. GeeLark may match a part of a name, or ignore a
    /// filter that it does not know.
    pub fn admits(&self, phone: &ListedPhone) -> bool {
        let has_tag = |tags: &Vec<String>| self.tags.iter().any(|wanted| tags.iter().any(|tag| **tag == **wanted));
        let mut group = self.group.as_deref().zip(phone.group.as_deref()).into_iter();
        let mut mode = self.charge_mode.zip(phone.charge_mode).into_iter();
        group.all(|(wanted, group)| wanted == group)
            && mode.all(|(wanted, mode)| wanted == mode)
            && (self.tags.is_empty() || phone.tags.as_ref().is_none_or(has_tag))
    }
}

pub(super) fn request(page: u32, filter: &ListFilter) -> Value {
    let fields = [
        ("page", json!(page)),
        ("pageSize", json!(PAGE_SIZE)),
        ("groupName", json!(filter.group)),
        ("tags", json!(filter.tags)),
        ("chargeMode", json!(filter.charge_mode.map(|mode| mode.0))),
    ];
    let is_set = |value: &Value| !value.is_null() && *value != json!([]);
    fields.into_iter().filter(|(_, value)| is_set(value)).collect()
}

impl ResponseData for Page {
    const ENDPOINT: Endpoint = Endpoint::PhoneList;

    fn read(data: &str) -> Result<Self, serde_json::Error> {
        let [total] = fields(data, ["total"])?;
        let [items] = fields(data, ["items"])?;
        let mut page = Self {
            total: integer(total).and_then(|total| total.try_into().ok()),
            ..Self::default()
        };
        page.phones = entries(items, |item| {
            page.entries += 1;
            if page.entries <= MAX_ENTRIES {
                listed(item)
            } else {
                None
            }
        });
        Ok(page)
    }
}

fn listed(item: Field<'_>) -> Option<ListedPhone> {
    let [phone_id, name, group, tags, equipment] = nested(item, ["id", "serialName", "group", "tags", "equipmentInfo"]);
    let numbers = ["status", "chargeMode", "monthlyExpire", "rpaStatus"];
    let [status, charge_mode, monthly_expire, rpa_status] = nested(item, numbers).map(integer);
    let models = ["countryName", "osVersion", "deviceBrand", "deviceModel"];
    let [country, os_version, brand, model] = nested(equipment, models).map(short_text);
    Some(ListedPhone {
        id: id(phone_id)?.into_owned(),
        name: short_text(name),
        status: status.map(Status),
        group: name_of(group),
        tags: list(tags).map(|tags| entries(Some(tags), name_of)),
        charge_mode: charge_mode.map(ChargeMode),
        monthly_expire,
        rpa_status,
        country,
        os_version,
        brand,
        model,
    })
}

/// The name of a group or tag.
fn name_of(value: Field<'_>) -> Option<String> {
    let [name] = nested(value, ["name"]);
    short_text(name)
}

fn short_text(value: Field<'_>) -> Option<String> {
    Some(text(value)?.chars().take(MAX_CHARS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use geelark_simulator::PLANTED_SECRETS;

    fn read(data: &Value) -> Page {
        Page::read(&data.to_string()).unwrap()
    }

    #[test]
    fn a_page_is_read_without_its_secrets() {
        let [host, user, password, number, imei, bluetooth, wifi] = PLANTED_SECRETS;
        let page = read(&json!({"total": 243, "page": 1, "pageSize": 100, "items": [{
            "id": "5887", "serialName": "手机 1", "serialNo": "7", "status": 2, "remark": "for Li",
            "group": {"id": "g1", "name": "farm-a", "remark": ""}, "tags": [{"name": "prod"}, {"name": "vip"}],
            "equipmentInfo": {"countryName": "Japan", "osVersion": "Android 15", "deviceBrand": "Samsung",
                "deviceModel": "Galaxy A54", "phoneNumber": number, "imei": imei, "bluetoothMac": bluetooth, "wifiBssid": wifi},
            "proxy": {"server": host, "username": user, "password": password},
            "chargeMode": 1, "hasBind": true, "monthlyExpire": 1_800_000_000, "rpaStatus": 1,
        }]}));
        let expected = ListedPhone {
            id: "5887".into(),
            name: Some("手机 1".into()),
            status: Some(Status::SHUT_DOWN),
            group: Some("farm-a".into()),
            tags: Some(vec!["prod".into(), "vip".into()]),
            charge_mode: Some(ChargeMode::MONTHLY),
            monthly_expire: Some(1_800_000_000),
            rpa_status: Some(1),
            country: Some("Japan".into()),
            os_version: Some("Android 15".into()),
            brand: Some("Samsung".into()),
            model: Some("Galaxy A54".into()),
        };
        assert_eq!(
            (page.total, page.entries, &page.phones[..]),
            (Some(243), 1, &[expected][..])
        );
        let shown = format!("{page:?}");
        assert!(PLANTED_SECRETS.iter().all(|secret| !shown.contains(secret)), "{shown}");
    }

    #[test]
    fn an_overlong_page_is_cut() {
        let items: Vec<_> = (0..100_000).map(|id| json!({ "id": id })).collect();
        let page = read(&json!({"total": 3, "items": items}));
        assert_eq!(
            (page.total, page.entries, page.phones.len()),
            (Some(3), 100_000, MAX_ENTRIES)
        );
    }

    #[test]
    fn an_overlong_id_is_no_id_and_an_overlong_text_is_cut() {
        let page = read(&json!({"total": 2, "items": [
            {"id": "9".repeat(65)}, {"id": "9".repeat(64), "group": {"name": "手".repeat(300)}},
        ]}));
        assert_eq!(page.phones.len(), 1);
        assert_eq!(page.phones[0].group, Some("手".repeat(256)));
    }

    #[test]
    fn a_missing_or_bad_field_affects_no_other_field() {
        let page = read(&json!({"total": "3", "items": [
            {"id": 588_732_926_036_803_641_u64, "status": "1", "chargeMode": "0", "monthlyExpire": null, "group": null,
             "tags": null, "equipmentInfo": null, "unheardOf": {}},
            {"id": "b", "group": "farm", "tags": [{"name": null}, 7, {"name": "prod"}], "equipmentInfo": [1],
             "chargeMode": {}, "rpaStatus": 1.5, "serialName": ["x"]},
            {"id": "c"},
            {"id": ""}, {"id": null}, {"serialName": "nameless"}, 7, null,
        ]}));
        assert_eq!((page.total, page.entries), (Some(3), 8));
        let id = |id: &str| ListedPhone {
            id: id.into(),
            ..ListedPhone::default()
        };
        let expected = [
            ListedPhone {
                status: Some(Status::STARTING),
                charge_mode: Some(ChargeMode::PER_MINUTE),
                ..id("588732926036803641")
            },
            ListedPhone {
                tags: Some(vec!["prod".into()]),
                ..id("b")
            },
            id("c"),
        ];
        assert_eq!(page.phones, expected);
    }

    #[test]
    fn a_list_may_be_missing() {
        for data in [json!({}), json!({"total": null, "items": null}), json!({"total": -1})] {
            assert_eq!(read(&data), Page::default(), "{data}");
        }
        assert!(Page::read(r#"{"items": "none"}"#).is_err());
    }

    #[test]
    fn a_request_has_only_the_filters_that_are_set() {
        assert_eq!(request(1, &ListFilter::default()), json!({"page": 1, "pageSize": 100}));
        let filter = ListFilter {
            group: Some("farm-a".into()),
            tags: vec!["prod".into(), "vip".into()],
            charge_mode: Some(ChargeMode::PER_MINUTE),
        };
        assert_eq!(
            request(3, &filter),
            json!({"page": 3, "pageSize": 100, "groupName": "farm-a", "tags": ["prod", "vip"], "chargeMode": 0})
        );
    }

    #[test]
    fn a_filter_admits_phones_that_match_or_lack_the_field() {
        let filter = ListFilter {
            group: Some("farm-a".into()),
            tags: vec!["prod".into(), "vip".into()],
            charge_mode: Some(ChargeMode::MONTHLY),
        };
        let silent = ListedPhone::default();
        assert!(filter.admits(&silent) && ListFilter::default().admits(&silent));
        let fits = ListedPhone {
            group: Some("farm-a".into()),
            tags: Some(vec!["test".into(), "vip".into()]),
            charge_mode: Some(ChargeMode::MONTHLY),
            ..silent
        };
        assert!(filter.admits(&fits));
        let others = [
            ListedPhone {
                group: Some("farm-ab".into()),
                ..fits.clone()
            },
            ListedPhone {
                tags: Some(vec![]),
                ..fits.clone()
            },
            ListedPhone {
                charge_mode: Some(ChargeMode::PER_MINUTE),
                ..fits.clone()
            },
        ];
        assert!(others.iter().all(|other| !filter.admits(other)));
    }
}
