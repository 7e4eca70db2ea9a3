//! Whatever body comes from GeeLark, as an answer or as a webhook, it becomes words about phones that stand in it, or a short
//! failure.

#![no_main]

use geelark_client::fuzz::{list_page, money, status_answer};
use geelark_client::{WebhookEvent, Failure};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let status = status_answer(body).map(|answer| {
        let found = answer.found.into_iter().map(|phone| phone.id);
        found.chain(answer.failed.into_iter().map(|phone| phone.id)).collect()
    });
    // The shortest entries are `[1,2]` and `{"id":1}`, each with a comma.
    check(body, status, 6);
    let list = list_page(body).map(|page| {
        assert!(page.phones.len() <= page.entries);
        page.phones.into_iter().map(|phone| phone.id).collect()
    });
    check(body, list, 9);
    if let Ok(event) = WebhookEvent::read(body) {
        check(body, Ok(event.phones.iter().map(ToString::to_string).collect()), 6);
    }
    let (wallet, plan) = money(body);
    if let Ok(wallet) = wallet {
        assert!(wallet.balance.is_none_or(f64::is_finite) && wallet.gift_balance.is_none_or(f64::is_finite));
    }
    if let Ok(plan) = plan {
        assert!(plan.expires.is_none_or(|expires| expires.0 > 0) && plan.monthly_fee.is_none_or(f64::is_finite));
    }
});

fn check(body: &[u8], ids: Result<Vec<String>, Failure>, least_entry: usize) {
    match ids {
        Ok(ids) => {
            assert!(ids.len() * least_entry <= body.len());
            // With escapes an id may be written in many ways.
            let stands = |id: &String| id.is_empty() || body.windows(id.len()).any(|part| part == id.as_bytes());
            assert!(
                body.contains(&b'\\') || ids.iter().all(stands),
                "{ids:?} do not stand in the body"
            );
        }
        Err(failure) => assert!(failure.message.len() < 1000, "{}", failure.message),
    }
}
