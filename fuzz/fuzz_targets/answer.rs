//! Whatever GeeLark's body is, it becomes an answer about phones that stand in it, or a short failure.

#![no_main]

use geelark_exporter::geelark::Failure;
use geelark_exporter::geelark::fuzz::{list_page, status_answer};
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
