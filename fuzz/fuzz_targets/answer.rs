//! Whatever GeeLark's body is, it becomes an answer about phones that stand in it, or a short failure.

#![no_main]

use geelark_exporter::geelark::fuzz::status_answer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| match status_answer(body) {
    Ok(answer) => {
        let escaped = body.contains(&b'\\');
        let ids = answer.found.iter().map(|phone| &phone.id);
        for id in ids.chain(answer.failed.iter().map(|phone| &phone.id)) {
            let stands = escaped || id.is_empty() || body.windows(id.len()).any(|part| part == id.as_bytes());
            assert!(stands, "{id:?} was answered for and is not in the body");
        }
        // The shortest entry is `[1,2]` and a comma.
        assert!((answer.found.len() + answer.failed.len()) * 6 <= body.len());
    }
    Err(failure) => assert!(failure.message.len() < 1000, "{}", failure.message),
});
