//! `/open/v1/phone/list` on the wire: which phones there are, a page at a time.
//!
//! Its answers are full of secrets and personal data: proxies with their passwords, phone numbers, IMEIs, hardware
//! addresses. Fields that are not named here are never read, so none of that ever gets beyond the bytes of an answer.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::envelope::{Data, DecodeError, decode_error};
use super::scalar;
use crate::phone::{ChargeMode, Status};

/// How many phones one page holds, by GeeLark's documentation.
pub const PAGE_SIZE: usize = 100;

/// How many entries of a page are read. A page that has ten times what was asked for is nonsense, and would cost memory.
const MOST_READ: usize = 10 * PAGE_SIZE;

/// Which phones a listing is about: those that satisfy every part. The empty filter lets all through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The name of their group.
    pub group: Option<Arc<str>>,
    /// Tags of which they have one.
    pub tags: Vec<Arc<str>>,
    /// How they are paid for.
    pub charge_mode: Option<ChargeMode>,
}

/// One page of a listing. It is what GeeLark said, not yet what is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// How many phones the whole listing has; `None` where GeeLark did not say.
    pub total: Option<usize>,
    /// How many entries the page has, those that make no sense included.
    pub entries: usize,
    /// The entries that name a phone, in GeeLark's order; of a page that is absurdly long the first thousand.
    pub phones: Vec<ListedPhone>,
}

/// One phone of a list. What is missing or of another kind is `None`; texts are as they came, empty ones included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the field of GeeLark's that `read` names")]
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

impl Filter {
    /// Whether `phone` belongs to this listing, as far as it tells: GeeLark may take a name for a part of one, or ignore a
    /// filter it does not know.
    pub fn admits(&self, phone: &ListedPhone) -> bool {
        let is_wanted = |wanted: &Arc<str>| match &phone.tags {
            Some(tags) => tags.iter().any(|tag| **tag == **wanted),
            None => true,
        };
        let same_group = self.group.as_deref().zip(phone.group.as_deref());
        same_group.is_none_or(|(wanted, group)| wanted == group)
            && (self.tags.is_empty() || self.tags.iter().any(is_wanted))
            && (self.charge_mode.zip(phone.charge_mode)).is_none_or(|(wanted, mode)| wanted == mode)
    }
}

/// The body of a call for one page.
pub(super) fn request(page: u32, filter: &Filter) -> Bytes {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct ListBody<'a> {
        page: u32,
        page_size: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        group_name: Option<&'a str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tags: Vec<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        charge_mode: Option<i64>,
    }

    let request = ListBody {
        page,
        page_size: PAGE_SIZE,
        group_name: filter.group.as_deref(),
        tags: filter.tags.iter().map(|tag| &**tag).collect(),
        charge_mode: filter.charge_mode.map(|mode| mode.0),
    };
    #[expect(
        clippy::expect_used,
        reason = "strings and numbers are always JSON, and memory takes whatever is written"
    )]
    serde_json::to_vec(&request).expect("strings serialise").into()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ListData<'a> {
    #[serde(borrow)]
    total: Option<&'a RawValue>,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListItem<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    serial_name: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    group: Option<&'a RawValue>,
    #[serde(borrow)]
    tags: Option<&'a RawValue>,
    #[serde(borrow)]
    charge_mode: Option<&'a RawValue>,
    #[serde(borrow)]
    monthly_expire: Option<&'a RawValue>,
    #[serde(borrow)]
    rpa_status: Option<&'a RawValue>,
    #[serde(borrow)]
    equipment_info: Option<&'a RawValue>,
}

/// GeeLark's ids have 18 digits. What is much longer is none, and would be kept and shown for as long as it is listed.
const MOST_ID_BYTES: usize = 64;

/// A group or a model is told from others by far less; what is longer is cut, since it would stand in every scrape.
const MOST_CHARS: usize = 256;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Equipment<'a> {
    #[serde(borrow)]
    country_name: Option<&'a RawValue>,
    #[serde(borrow)]
    os_version: Option<&'a RawValue>,
    #[serde(borrow)]
    device_brand: Option<&'a RawValue>,
    #[serde(borrow)]
    device_model: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Option<&'a RawValue>,
}

/// Every entry is read by itself, and so is every part of one: what makes no sense is passed over, its neighbours stand.
impl Data for Page {
    fn read(data: &RawValue) -> Result<Self, DecodeError> {
        let data: ListData = serde_json::from_str(data.get()).map_err(|error| decode_error("its data", &error))?;
        let items = data.items.unwrap_or_default();
        Ok(Self {
            total: integer(data.total).and_then(|total| total.try_into().ok()),
            entries: items.len(),
            phones: items.into_iter().take(MOST_READ).filter_map(listed).collect(),
        })
    }
}

fn listed(item: &RawValue) -> Option<ListedPhone> {
    let item: ListItem = object(item)?;
    let id = scalar::text(item.id)?.into_owned();
    if id.is_empty() || id.len() > MOST_ID_BYTES {
        return None;
    }
    let equipment: Equipment = item.equipment_info.and_then(object).unwrap_or_default();
    Some(ListedPhone {
        id,
        name: text(item.serial_name),
        status: integer(item.status).map(Status),
        group: item.group.and_then(name),
        tags: item.tags.and_then(names),
        charge_mode: integer(item.charge_mode).map(ChargeMode),
        monthly_expire: integer(item.monthly_expire),
        rpa_status: integer(item.rpa_status),
        country: text(equipment.country_name),
        os_version: text(equipment.os_version),
        brand: text(equipment.device_brand),
        model: text(equipment.device_model),
    })
}

fn text(value: Option<&RawValue>) -> Option<String> {
    let text = value.and_then(scalar::text)?;
    Some(match text.char_indices().nth(MOST_CHARS) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.into_owned(),
    })
}

fn integer(value: Option<&RawValue>) -> Option<i64> {
    value.and_then(scalar::integer)
}

/// serde would take a list for an object whose fields come in their order.
fn object<'a, T: Deserialize<'a>>(value: &'a RawValue) -> Option<T> {
    serde_json::from_str(value.get())
        .ok()
        .filter(|_| value.get().starts_with('{'))
}

fn names(list: &RawValue) -> Option<Vec<String>> {
    let list: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
    Some(list.into_iter().filter_map(name).collect())
}

/// The name of a group or tag.
fn name(value: &RawValue) -> Option<String> {
    text(object::<Named>(value)?.name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use geelark_simulator::PLANTED_SECRETS;

    fn read(data: &serde_json::Value) -> Page {
        Page::read(&serde_json::value::to_raw_value(data).unwrap()).unwrap()
    }

    #[test]
    fn a_page_is_read_without_what_is_secret() {
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
    fn a_page_that_is_absurdly_long_costs_little() {
        let items: Vec<_> = (0..100_000).map(|id| json!({ "id": id })).collect();
        let page = read(&json!({"total": 3, "items": items}));
        assert_eq!(
            (page.total, page.entries, page.phones.len()),
            (Some(3), 100_000, MOST_READ)
        );
    }

    #[test]
    fn an_endless_id_is_none_and_an_endless_text_is_cut() {
        let page = read(&json!({"total": 2, "items": [
            {"id": "9".repeat(65)}, {"id": "9".repeat(64), "group": {"name": "手".repeat(300)}},
        ]}));
        assert_eq!(page.phones.len(), 1);
        assert_eq!(page.phones[0].group, Some("手".repeat(256)));
    }

    #[test]
    fn what_is_missing_null_or_odd_costs_only_itself() {
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
        let no_list = serde_json::value::to_raw_value(&json!({"items": "none"})).unwrap();
        assert!(Page::read(&no_list).is_err());
    }

    #[test]
    fn a_request_names_only_the_filters_there_are() {
        let body = |page, filter: &Filter| serde_json::from_slice::<serde_json::Value>(&request(page, filter)).unwrap();
        assert_eq!(body(1, &Filter::default()), json!({"page": 1, "pageSize": 100}));
        let filter = Filter {
            group: Some("farm-a".into()),
            tags: vec!["prod".into(), "vip".into()],
            charge_mode: Some(ChargeMode::PER_MINUTE),
        };
        assert_eq!(
            body(3, &filter),
            json!({"page": 3, "pageSize": 100, "groupName": "farm-a", "tags": ["prod", "vip"], "chargeMode": 0})
        );
    }

    #[test]
    fn a_filter_admits_what_matches_or_does_not_say() {
        let filter = Filter {
            group: Some("farm-a".into()),
            tags: vec!["prod".into(), "vip".into()],
            charge_mode: Some(ChargeMode::MONTHLY),
        };
        let silent = ListedPhone::default();
        assert!(filter.admits(&silent) && Filter::default().admits(&silent));
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
