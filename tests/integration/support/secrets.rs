//! Secrets that no output may contain. [`super::Exporter`] searches its own output when it ends.

use geelark_simulator::PLANTED_SECRETS;

/// The simulator's credentials.
const CREDENTIALS: [&str; 2] = ["demo-token", "demo-key"];

/// The length of a signature: a SHA-256 in upper-case hexadecimal digits.
const SIGNATURE_DIGITS: usize = 64;

/// Panics if `text` contains a credential, a signature, or a secret that the simulator planted.
pub(crate) fn assert_no_secret(text: &str, what: &str) {
    for secret in CREDENTIALS.iter().chain(&PLANTED_SECRETS) {
        if let Some(at) = text.find(secret) {
            let line = text[..at].matches('\n').count();
            panic!(
                "{what} contains {secret:?}: {}",
                text.lines().nth(line).unwrap_or_default()
            );
        }
    }
    let is_digit = |c: char| c.is_ascii_digit() || ('A'..='F').contains(&c);
    if let Some(signature) = text.split(|c| !is_digit(c)).find(|run| run.len() >= SIGNATURE_DIGITS) {
        panic!("{what} contains a signature: {signature}");
    }
}

#[test]
fn secrets_are_found_in_any_text() {
    let is_found = |text: &str| std::panic::catch_unwind(|| assert_no_secret(text, "the text")).is_err();
    assert!(is_found("a line\nAuthorization: Bearer demo-token\n"));
    assert!(is_found("key=demo-key"));
    assert!(is_found("\"planted-proxy-password\""));
    assert!(is_found(&format!("sign={} end", "6280C080AF7C3CCE".repeat(4))));
    assert!(!is_found("phone_status{id=\"588732926036803641\"} 0"));
    assert!(
        !is_found(&"a0".repeat(40)),
        "lower-case hexadecimal digits are not a signature"
    );
}
