//! Any body of a response or a webhook gives phones with ids from the body, or a short failure.

#![no_main]

use geelark_client::{Failure, Page, Plan, Reply, ResponseData, StatusResponse, Wallet, WebhookEvent, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let status = read::<StatusResponse>(body).map(|answer| {
        let found = answer.found.into_iter().map(|phone| phone.id);
        found.chain(answer.failed.into_iter().map(|phone| phone.id)).collect()
    });
    // The shortest entry is `{"id":1}` with a comma.
    check(body, status, 9);
    let list = read::<Page>(body).map(|page| {
        assert!(page.phones.len() <= page.entries);
        page.phones.into_iter().map(|phone| phone.id).collect()
    });
    check(body, list, 9);
    if let Ok(event) = WebhookEvent::read(body) {
        check(body, Ok(event.phones.iter().map(ToString::to_string).collect()), 8);
    }
    if let Ok(wallet) = read::<Wallet>(body) {
        assert!(wallet.balance.is_none_or(f64::is_finite) && wallet.gift_balance.is_none_or(f64::is_finite));
    }
    if let Ok(plan) = read::<Plan>(body) {
        assert!(plan.expires.is_none_or(|expires| expires.0 > 0) && plan.monthly_fee.is_none_or(f64::is_finite));
    }
});

fn read<D: ResponseData>(body: &[u8]) -> Result<D, Failure> {
    decode(&Reply {
        status: 200,
        retry_after: None,
        body: body.to_vec().into(),
    })
}

fn check(body: &[u8], ids: Result<Vec<String>, Failure>, least_entry: usize) {
    match ids {
        Ok(ids) => {
            assert!(ids.len() * least_entry <= body.len());
            // With escapes, the body may contain an id in another form.
            let is_in_body = |id: &String| id.is_empty() || body.windows(id.len()).any(|part| part == id.as_bytes());
            assert!(
                body.contains(&b'\\') || ids.iter().all(is_in_body),
                "{ids:?} are not in the body"
            );
        }
        Err(failure) => assert!(failure.message.len() < 1000, "{}", failure.message),
    }
}
