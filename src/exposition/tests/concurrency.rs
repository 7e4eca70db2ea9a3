//! Readers while pollers update_batch.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;

const PHONES: usize = 20;

/// The batch after its `generation`th answer: every phone's status, time and name say which one it was.
fn answered(account: &str, generation: i64) -> Arc<BatchView> {
    view(
        account,
        (0..PHONES).map(|phone| {
            let mut phone = fresh(
                &format!("{account}-{phone}"),
                &format!("g{generation}"),
                generation % 4,
                generation,
            );
            phone.not_found_total = u64::try_from(generation).unwrap();
            phone
        }),
    )
}

/// Which generations a scrape shows of an account, over all its families and its counts.
fn generations(families: &std::collections::BTreeMap<String, parser::Family>, account: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for name in ["phone_status_since_timestamp_seconds", "phone_not_found_total"] {
        for ((_, labels), value) in &families[name].samples {
            if labels["id"].starts_with(account) {
                seen.insert(value.clone());
            }
        }
    }
    for name in ["phone_status", "phone_info"] {
        for (_, labels) in families[name].samples.keys() {
            if labels["id"].starts_with(account) {
                seen.insert(labels["serial_name"].trim_start_matches('g').to_owned());
            }
        }
    }
    seen
}

#[test]
fn no_scrape_shows_a_part_of_a_response() {
    let metrics_store = metrics_store();
    let accounts = ["a", "b"].map(|account| store_of(&metrics_store, &account.into(), 1));
    for (account_store, account) in accounts.iter().zip(["a", "b"]) {
        account_store.update_batch(0, answered(account, 0));
    }
    metrics_store.set_accounts(accounts.to_vec());
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for (account_store, account) in accounts.iter().zip(["a", "b"]) {
            let done = &done;
            scope.spawn(move || {
                let mut generation = 0;
                while !done.load(Ordering::Relaxed) {
                    generation += 1;
                    account_store.update_batch(0, answered(account, generation));
                }
            });
        }
        for round in 0..100 {
            let encoding = [Encoding::Plain, Encoding::Gzip][round % 2];
            let families = parser::parse(&text(&metrics_store, encoding)).unwrap();
            for account in ["a", "b"] {
                let seen = generations(&families, account);
                assert_eq!(seen.len(), 1, "torn: {seen:?}");
                let generation: i64 = seen.first().unwrap().parse().unwrap();
                let status = ["started", "starting", "shut_down", "expired"][usize::try_from(generation % 4).unwrap()];
                for ((_, labels), count) in &families["geelark_phones"].samples {
                    if labels["account"] == account {
                        let all = if labels["status"] == status { PHONES } else { 0 };
                        assert_eq!(*count, all.to_string(), "counts are of another answer than phones");
                    }
                }
            }
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn phones_that_move_between_batches_are_always_shown_once() {
    let metrics_store = metrics_store();
    let account_store = metrics_store.account(&"main".into());
    metrics_store.set_accounts(vec![account_store.clone()]);
    let phones: Vec<Phone> = (0..PHONES).map(|phone| fresh(&format!("{phone}"), "", 0, 1)).collect();
    let cut = |at: usize| [&phones[..at], &phones[at..]].map(|part| view("main", part.to_vec()));
    account_store.replace_batches(cut(5).iter());
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for at in (0..PHONES).cycle() {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                account_store.replace_batches(cut(at).iter());
            }
        });
        for round in 0..100 {
            let encoding = [Encoding::Plain, Encoding::Gzip][round % 2];
            // The parser refuses a series that stands twice.
            let families = parser::parse(&text(&metrics_store, encoding)).unwrap();
            assert_eq!(families["phone_status"].samples.len(), PHONES);
        }
        done.store(true, Ordering::Relaxed);
    });
}
