//! `basic_auth_users`: bcrypt hashes by user.

use std::collections::BTreeMap;

use bcrypt::HashParts;

use super::section::{Report, Section};
use crate::auth::Users;

/// The dearest check allowed: one of cost 16 takes about 5 s, which a scrape's timeout just bears.
const MAX_COST: u32 = 16;

const HOW_TO: &str = "make one with `htpasswd -nBC 10 \"\" | tr -d ':\\n'`";

/// The users, if their hashes can be used. A wrong hash is never repeated: it may be a password.
pub(super) fn read(section: &Section<'_>, report: &mut Report) -> Option<Users> {
    let mut hashes = BTreeMap::new();
    for (user, value) in section.entries() {
        let path = section.path(user);
        if user.contains(':') {
            report.add(
                &path,
                "a user's name cannot have a colon, which ends it in HTTP; choose another",
            );
        }
        let Some(hash) = value.as_str() else {
            report.add(
                &path,
                &format!("is no text; write a bcrypt hash, in quotes if need be; {HOW_TO}"),
            );
            continue;
        };
        match hash.parse::<HashParts>() {
            Ok(parts) if !(4..=MAX_COST).contains(&parts.get_cost()) => report.add(
                &path,
                &format!(
                    "the hash has cost {}, which this exporter does not check; use one from 4 to {MAX_COST}, usually 10",
                    parts.get_cost()
                ),
            ),
            Ok(_) => {
                hashes.insert((*user).to_owned(), hash.to_owned());
            }
            Err(_) => report.add(&path, &format!("is no bcrypt hash; {HOW_TO}")),
        }
    }
    let mut key = [0; 32];
    let provider = rustls::crypto::ring::default_provider();
    if provider.secure_random.fill(&mut key).is_err() {
        report.whole("passwords cannot be checked: the operating system gives no random numbers; see to that first");
    }
    (!hashes.is_empty()).then(|| Users::new(hashes, key))
}
