//! After any updates an independent reader finds exactly the last state.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::parser::{Labels, parse};
use super::*;
use crate::fleet::PhoneDetails;
use crate::fleet::StatusCounts;
use geelark_client::phone::ChargeMode;

const BATCHES: usize = 3;
const ACCOUNTS: [&str; 2] = ["main", "sp\"are\\\n"];

type Series = BTreeMap<(String, Labels), String>;

fn any_phone() -> impl Strategy<Value = Phone> {
    let freshness = prop_oneof![
        Just(Freshness::Fresh),
        Just(Freshness::NotFound),
        Just(Freshness::Stale)
    ];
    let name = prop_oneof![
        Just(String::new()),
        "[a-z]{1,8}",
        r#"[\\"\n\r\x00{},=# a]{0,12}"#,
        any::<String>(),
        "\u{2028}|\u{feff}x|\u{202e}|x{300}",
    ];
    let text = || prop::option::of("[a-z\\\\\"\n手]{1,4}".prop_map(|text| Arc::from(text.as_str())));
    let number = || prop::option::of(-1..4i64);
    let details = (prop::array::uniform5(text()), prop::array::uniform3(number())).prop_map(
        |([group, os_version, brand, model, country], [charge_mode, expires, task])| PhoneDetails {
            group,
            charge_mode: charge_mode.map(ChargeMode),
            os_version,
            brand,
            model,
            country,
            expires: expires.map(UnixTime),
            task_running: task.map(|code| code == 1),
        },
    );
    let last = (prop_oneof![0..5i64, any::<i64>()], any::<i64>());
    let details = prop::option::of(details.prop_map(Arc::new));
    (
        prop::option::of(name),
        freshness,
        prop::option::of(last),
        any::<u32>(),
        details,
    )
        .prop_map(|(name, freshness, last, missed, details)| Phone {
            id: "set when placed".into(),
            name: name.map(Into::into),
            freshness,
            last: last.map(|(code, since)| ObservedStatus {
                status: Status(code),
                since: UnixTime(since),
            }),
            not_found_total: missed.into(),
            details,
        })
}

/// An update: which account, which batch, which phones. Ids follow from the place, so no id is in two places.
fn any_post() -> impl Strategy<Value = (usize, usize, Arc<BatchView>)> {
    let phones = prop::collection::vec(any_phone(), 0..6);
    (0..ACCOUNTS.len(), 0..BATCHES, phones).prop_map(|(account, batch, mut phones)| {
        for (position, phone) in phones.iter_mut().enumerate() {
            phone.id = format!("{account}{batch}{position}").as_str().into();
        }
        (account, batch, view(ACCOUNTS[account], phones))
    })
}

fn labels<const N: usize>(labels: [(&str, &str); N]) -> Labels {
    labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// The labels of the details that are known.
fn details_labels(details: &PhoneDetails) -> Labels {
    let texts = [
        ("group", &details.group),
        ("os_version", &details.os_version),
        ("brand", &details.brand),
        ("model", &details.model),
        ("country", &details.country),
    ];
    let mode = details.charge_mode.map(|mode| match mode.0 {
        0 => "per_minute".to_owned(),
        1 => "monthly".to_owned(),
        other => other.to_string(),
    });
    let texts = texts
        .into_iter()
        .filter_map(|(name, text)| Some((name, text.as_deref()?.to_owned())));
    let details_labels = texts.chain(mode.map(|mode| ("charge_mode", mode)));
    details_labels.map(|(name, text)| (name.to_owned(), text)).collect()
}

/// The series of these views, by the documentation of the metrics.
fn expected(accounts: &[Vec<Arc<BatchView>>]) -> Series {
    let mut series = Series::new();
    for (name, views) in ACCOUNTS.iter().zip(accounts) {
        let mut tally = StatusCounts::default();
        for view in views {
            tally += StatusCounts::of(&view.phones);
            for phone in &view.phones {
                let (id, named) = (phone.id.as_str(), phone.name.as_deref().unwrap_or(""));
                let mut add = |metric: &str, labels: Labels, value: String| {
                    assert!(series.insert((metric.to_owned(), labels), value).is_none());
                };
                if let (Freshness::Fresh, Some(seen)) = (phone.freshness, phone.last) {
                    let both = labels([("id", id), ("serial_name", named)]);
                    add("phone_status", both.clone(), seen.status.0.to_string());
                    add("phone_status_since_timestamp_seconds", both, seen.since.0.to_string());
                }
                if phone.freshness == Freshness::NotFound {
                    add("phone_not_found", labels([("id", id)]), "1".into());
                }
                add(
                    "phone_not_found_total",
                    labels([("id", id)]),
                    phone.not_found_total.to_string(),
                );
                let both = labels([("id", id), ("serial_name", named)]);
                let mut info = labels([("account", name)]);
                info.extend(both.clone());
                if let Some(details) = &phone.details {
                    if let (Some(ChargeMode::MONTHLY), Some(UnixTime(at @ 1..))) =
                        (details.charge_mode, details.expires)
                    {
                        add("phone_expiration_timestamp_seconds", both.clone(), at.to_string());
                    }
                    if let Some(running) = details.task_running {
                        add("phone_task_running", both, u8::from(running).to_string());
                    }
                    info.extend(details_labels(details));
                }
                add("phone_info", info, "1".into());
            }
        }
        for (status, phones) in tally.by_status() {
            series.insert(
                ("geelark_phones".into(), labels([("account", name), ("status", status)])),
                phones.to_string(),
            );
        }
    }
    series
}

fn of_phones(text: &str) -> Series {
    let families = parse(text).unwrap_or_else(|problem| panic!("{problem} in {text}"));
    families
        .into_iter()
        .filter(|(name, _)| name.starts_with("phone_") || name == "geelark_phones")
        .flat_map(|(_, family)| family.samples)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_scrape_shows_the_last_update_of_each_batch(posts in prop::collection::vec(any_post(), 0..8)) {
        let metrics_store = metrics_store();
        let accounts = ACCOUNTS.map(|account| store_of(&metrics_store, &account.into(), BATCHES));
        metrics_store.set_accounts(accounts.to_vec());
        let mut state = ACCOUNTS.map(|account| vec![view(account, []); BATCHES]);
        for (account, batch, view) in posts {
            accounts[account].update_batch(batch, view.clone());
            state[account][batch] = view;
            // In between as well, so that kept blocks are seen beside new ones.
            prop_assert_eq!(of_phones(&text(&metrics_store, Encoding::Gzip)), expected(&state));
        }
        prop_assert_eq!(of_phones(&text(&metrics_store, Encoding::Plain)), expected(&state));
        prop_assert_eq!(of_phones(&text(&metrics_store, Encoding::Gzip)), expected(&state));
    }
}

#[test]
fn an_account_that_is_not_set_is_not_shown() {
    let metrics_store = showing([view("main", [fresh("1", "a", 0, 1)])]);
    let other = store_of(&metrics_store, &"elsewhere".into(), 1);
    other.update_batch(0, view("elsewhere", [fresh("2", "b", 0, 1)]));
    assert!(!text(&metrics_store, Encoding::Gzip).contains("elsewhere"));
    metrics_store.set_accounts(vec![other]);
    let shown = text(&metrics_store, Encoding::Gzip);
    assert!(shown.contains("elsewhere") && !shown.contains("main"));
}

#[test]
fn a_renamed_phone_has_one_series() {
    let metrics_store = metrics_store();
    let account_store = store_of(&metrics_store, &"main".into(), 1);
    metrics_store.set_accounts(vec![account_store.clone()]);
    account_store.update_batch(0, view("main", [fresh("1", "old", 0, 1)]));
    account_store.update_batch(0, view("main", [fresh("1", "new", 0, 1)]));
    let shown = text(&metrics_store, Encoding::Gzip);
    assert!(shown.contains("phone_status{id=\"1\",serial_name=\"new\"} 0\n") && !shown.contains("old"));
}
