//! `POST /open/v1/phone/status` and `POST /open/v1/phone/list`. The list has fields that a client must not read.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::envelope::Refusal;
use crate::fleet::{MONTHLY, SimulatedFleet, SimulatedPhone, status};

/// How many ids a call may carry.
const MAX_IDS: usize = 100;

/// How many proxy ids a filter may have.
const MAX_PROXY_IDS: usize = 10;

/// Made-up secrets and personal data. Every item of a list carries them, and a client must never log, show or store them.
pub const PLANTED_SECRETS: [&str; 7] = [
    "planted-proxy-host.invalid",
    "planted-proxy-user",
    "planted-proxy-password",
    "+12025550177",
    "350000000000077",
    "02:00:5e:00:53:77",
    "02:00:5e:00:53:78",
];

/// What a call asks for. Only the list reads more than ids. An empty filter is the same as a missing one.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PhoneRequest {
    pub(super) ids: Vec<String>,
    page: i64,
    page_size: i64,
    serial_name: String,
    remark: String,
    group_name: String,
    tags: Vec<String>,
    charge_mode: Option<u8>,
    open_status: Option<u8>,
    proxy_ids: Vec<String>,
    serial_nos: Vec<String>,
}

impl PhoneRequest {
    /// One invalid id makes the whole call invalid, as at GeeLark.
    fn check(&self) -> Result<(), Refusal> {
        let is_valid = self.ids.len() <= MAX_IDS
            && self.ids.iter().all(|id| SimulatedPhone::is_valid_id(id))
            && self.serial_nos.len() <= MAX_IDS
            && self.proxy_ids.len() <= MAX_PROXY_IDS
            && self.charge_mode.max(self.open_status) <= Some(1);
        is_valid.then_some(()).ok_or(Refusal::INVALID_PARAMETERS)
    }

    /// The page and its size. With ids there is one page.
    fn paging(&self) -> Result<(usize, usize), Refusal> {
        match (usize::try_from(self.page), usize::try_from(self.page_size)) {
            _ if !self.ids.is_empty() => Ok((1, MAX_IDS)),
            (Ok(page @ 1..), Ok(size @ 1..=100)) => Ok((page, size)),
            _ => Err(Refusal::new(40008, "page or pageSize is out of range")),
        }
    }

    fn selects(&self, phone: &SimulatedPhone) -> bool {
        let is_open = matches!(phone.status, status::STARTED | status::STARTING);
        let is_any = |wanted: &[String], value: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == value);
        phone.exists
            && is_any(&self.ids, &phone.id)
            && is_any(&self.serial_nos, &phone.serial_no.to_string())
            && is_any(&self.proxy_ids, &proxy_id(phone))
            && (self.tags.is_empty() || self.tags.iter().any(|tag| phone.tags.contains(tag)))
            && phone.serial_name.contains(&self.serial_name)
            && phone.remark.contains(&self.remark)
            && (self.group_name.is_empty() || self.group_name == phone.group)
            && self.charge_mode.is_none_or(|mode| mode == phone.charge_mode)
            && self.open_status.is_none_or(|wanted| (wanted == 1) == is_open)
    }
}

/// Answers every id as often as the request has it.
pub(super) fn status(request: &PhoneRequest, fleet: &SimulatedFleet) -> Result<Value, Refusal> {
    request.check()?;
    if request.ids.is_empty() {
        return Err(Refusal::INVALID_PARAMETERS);
    }
    let (mut successes, mut failures) = (Vec::new(), Vec::new());
    for id in &request.ids {
        if let Some(phone) = fleet.get(id).filter(|phone| phone.exists) {
            successes.push(json!({"id": id, "serialName": phone.serial_name, "status": phone.status}));
        } else {
            failures.push(json!({"code": 42001, "id": id, "msg": "env not found"}));
        }
    }
    Ok(json!({
        "totalAmount": request.ids.len(),
        "successAmount": successes.len(),
        "failAmount": failures.len(),
        "successDetails": successes,
        "failDetails": failures,
    }))
}

pub(super) fn list(request: &PhoneRequest, fleet: &SimulatedFleet) -> Result<Value, Refusal> {
    request.check()?;
    let (page, page_size) = request.paging()?;
    let selected: Vec<&SimulatedPhone> = fleet.phones().filter(|phone| request.selects(phone)).collect();
    let items = selected.iter().skip((page - 1).saturating_mul(page_size));
    let items: Vec<Value> = items.take(page_size).map(|phone| item(phone)).collect();
    Ok(json!({"total": selected.len(), "page": page, "pageSize": page_size, "items": items}))
}

fn proxy_id(phone: &SimulatedPhone) -> String {
    format!("proxy-{}", phone.serial_no % 7)
}

fn item(phone: &SimulatedPhone) -> Value {
    const DEVICES: [(&str, &str, &str, &str); 5] = [
        ("Samsung", "Galaxy S23", "Android 13", "United States"),
        ("Google", "Pixel 7", "Android 14", "Germany"),
        ("Xiaomi", "Mi 12", "Android 12", "Brazil"),
        ("OnePlus", "OnePlus 11", "Android 13", "United Kingdom"),
        ("Samsung", "Galaxy A54", "Android 15", "Japan"),
    ];
    let (brand, model, os, country) = DEVICES[phone.serial_no % DEVICES.len()];
    let [host, user, password, number, imei, bluetooth, wifi] = PLANTED_SECRETS;
    // The list has no status 3: an expired phone is shut down here.
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
        "hasBind": phone.charge_mode == MONTHLY,
        "monthlyExpire": phone.monthly_expire,
        "rpaStatus": phone.rpa_status,
    })
}
