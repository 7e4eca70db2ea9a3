//! `basic_auth_users`: bcrypt hashes by user.

use std::collections::BTreeMap;

use bcrypt::HashParts;
use config_file::Section;

use crate::auth::Users;

/// The highest cost allowed. A check of cost 16 takes about 5 s, which a scrape's timeout just allows.
const MAX_COST: u32 = 16;

/// The users, if their hashes can be used. No sentence contains a wrong hash: it may be a password.
pub(super) fn read(users: BTreeMap<String, Option<String>>, section: &Section<'_>) -> Users {
    let mut hashes = BTreeMap::new();
    for (user, hash) in users {
        if user.contains(':') {
            section.report(
                &user,
                "has a colon, which ends a user's name in HTTP; choose another name",
            );
        }
        let hash = hash.unwrap_or_default();
        if section.check(&user, usable(&hash)).is_some() {
            hashes.insert(user, hash);
        }
    }
    let mut key = [0; 32];
    let random = rustls::crypto::ring::default_provider().secure_random;
    let filled = random.fill(&mut key);
    section.check(
        "",
        filled.map_err(|_| "cannot be used: the operating system gives no random numbers; repair that"),
    );
    Users::new(hashes, key)
}

fn usable(hash: &str) -> Result<(), String> {
    match hash.parse::<HashParts>().map(|parts| parts.get_cost()) {
        Ok(4..=MAX_COST) => Ok(()),
        Ok(cost) => Err(format!(
            "has a hash of cost {cost}, which this exporter does not check; use one from 4 to {MAX_COST}, usually 10"
        )),
        Err(_) => Err("is not a bcrypt hash; make one with `htpasswd -nBC 10 \"\" | tr -d ':\\n'`".to_owned()),
    }
}
