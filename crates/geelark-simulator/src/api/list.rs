//! `POST /open/v1/phone/list`, with everything in it that a client must not look at.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::envelope::Refusal;
use super::question::{MAX_IDS, check_ids};
use crate::fleet::{Fleet, Phone, status};

/// How many proxy ids a filter may have.
const MAX_PROXY_IDS: usize = 10;

/// The secrets and personal data that every item of a list carries. None of them is real; none may ever be seen in what
/// a client logs, shows or stores.
pub const PLANTED_SECRETS: [&str; 7] = [
    "planted-proxy-host.invalid",
    "planted-proxy-user",
    "planted-proxy-password",
    "+12025550177",
    "350000000000077",
    "02:00:5e:00:53:77",
    "02:00:5e:00:53:78",
];

/// Filters are ignored when empty, so null, a missing key and an empty value are one.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ListRequest {
    page: Option<i64>,
    page_size: Option<i64>,
    ids: Option<Vec<String>>,
    serial_name: Option<String>,
    remark: Option<String>,
    group_name: Option<String>,
    tags: Option<Vec<String>>,
    charge_mode: Option<u8>,
    open_status: Option<u8>,
    proxy_ids: Option<Vec<String>>,
    serial_nos: Option<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are GeeLark's")]
pub(super) struct Page {
    total: usize,
    page: usize,
    page_size: usize,
    items: Vec<Value>,
}

impl ListRequest {
    pub(super) fn ids(&self) -> &[String] {
        self.ids.as_deref().unwrap_or_default()
    }

    /// Which page of what size; with ids there is but one.
    fn paging(&self) -> Result<(usize, usize), Refusal> {
        if !self.ids().is_empty() {
            return Ok((1, MAX_IDS));
        }
        let number = |given: Option<i64>| given.and_then(|given| usize::try_from(given).ok());
        match (number(self.page), number(self.page_size)) {
            (Some(page @ 1..), Some(size @ 1..=100)) => Ok((page, size)),
            _ => Err(Refusal::new(40008, "page or pageSize is out of range")),
        }
    }

    fn check(&self) -> Result<(), Refusal> {
        check_ids(self.ids())?;
        let count = |list: &Option<Vec<String>>| list.as_ref().map_or(0, Vec::len);
        let valid = count(&self.serial_nos) <= MAX_IDS
            && count(&self.proxy_ids) <= MAX_PROXY_IDS
            && self.charge_mode.is_none_or(|mode| mode <= 1)
            && self.open_status.is_none_or(|open| open <= 1);
        if valid {
            Ok(())
        } else {
            Err(Refusal::new(40004, "parameter validation failed"))
        }
    }

    fn wants(&self, phone: &Phone) -> bool {
        let contains =
            |text: &str, part: &Option<String>| part.as_ref().is_none_or(|part| text.contains(part.as_str()));
        let any = |wanted: &Option<Vec<String>>, has: &dyn Fn(&String) -> bool| match wanted.as_deref() {
            None | Some([]) => true,
            Some(wanted) => wanted.iter().any(has),
        };
        let open = matches!(phone.status, status::STARTED | status::STARTING);
        phone.exists
            && any(&self.ids, &|id| *id == phone.id)
            && any(&self.serial_nos, &|number| *number == phone.serial_no.to_string())
            && any(&self.proxy_ids, &|id| *id == proxy_id(phone))
            && any(&self.tags, &|tag| phone.tags.contains(tag))
            && contains(&phone.serial_name, &self.serial_name)
            && contains(&phone.remark, &self.remark)
            && self
                .group_name
                .as_ref()
                .is_none_or(|group| group.is_empty() || *group == phone.group)
            && self.charge_mode.is_none_or(|mode| mode == phone.charge_mode)
            && self.open_status.is_none_or(|wanted| (wanted == 1) == open)
    }
}

pub(super) fn answer(request: &ListRequest, fleet: &Fleet) -> Result<Page, Refusal> {
    request.check()?;
    let (page, page_size) = request.paging()?;
    let first = (page - 1).saturating_mul(page_size);
    let (mut total, mut items) = (0, Vec::new());
    for phone in fleet.phones().filter(|phone| request.wants(phone)) {
        if total >= first && items.len() < page_size {
            items.push(item(phone));
        }
        total += 1;
    }
    Ok(Page {
        total,
        page,
        page_size,
        items,
    })
}

fn proxy_id(phone: &Phone) -> String {
    format!("proxy-{}", phone.serial_no % 7)
}

fn item(phone: &Phone) -> Value {
    const DEVICES: [(&str, &str, &str, &str); 5] = [
        ("Samsung", "Galaxy S23", "Android 13", "United States"),
        ("Google", "Pixel 7", "Android 14", "Germany"),
        ("Xiaomi", "Mi 12", "Android 12", "Brazil"),
        ("OnePlus", "OnePlus 11", "Android 13", "United Kingdom"),
        ("Samsung", "Galaxy A54", "Android 15", "Japan"),
    ];
    let (brand, model, os, country) = DEVICES[phone.serial_no % DEVICES.len()];
    let [host, user, password, number, imei, bluetooth, wifi] = PLANTED_SECRETS;
    // The list knows no 3: a phone whose rental is over looks shut down here.
    let status = if phone.status == status::EXPIRED {
        status::SHUT_DOWN
    } else {
        phone.status
    };
    let tags: Vec<Value> = phone.tags.iter().map(|tag| json!({ "name": tag })).collect();
    json!({
        "id": phone.id,
        "serialName": phone.serial_name,
        "serialNo": phone.serial_no.to_string(),
        "group": {"id": format!("group-{}", phone.group), "name": phone.group, "remark": ""},
        "remark": phone.remark,
        "status": status,
        "tags": tags,
        "equipmentInfo": {
            "countryName": country, "osVersion": os, "deviceBrand": brand, "deviceModel": model,
            "phoneNumber": number, "imei": imei, "bluetoothMac": bluetooth, "wifiBssid": wifi,
            "timeZone": "UTC", "language": "en",
        },
        "proxy": {"id": proxy_id(phone), "type": "socks5", "server": host, "port": 1080, "username": user, "password": password},
        "chargeMode": phone.charge_mode,
        "hasBind": phone.charge_mode == 1,
        "monthlyExpire": phone.monthly_expire,
        "rpaStatus": phone.rpa_status,
    })
}
