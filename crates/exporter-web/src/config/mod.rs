//! exporter-toolkit's web configuration file, to valid [`Rules`].
//!
//! serde makes it the typed sections of `raw`, where the first problem of shape ends the reading. Then the modules named
//! after sections check the values, and report all problems at once. Paths in the file are relative to it.

mod client;
mod http;
mod pem;
mod raw;
#[cfg(test)]
mod tests;
mod tls;
mod users;
mod verifier;

use std::path::Path;

use config_file::{ConfigFile, FileStamps, Problems, ReadOptions, quoted};

use self::raw::{RawTls, RawWebConfig};
use super::rules::Rules;

/// The deepest key is three levels down; there is room for thousands of users.
const OPTIONS: ReadOptions = ReadOptions {
    bytes: 4 * 1024 * 1024,
    depth: 16,
    values: 100_000,
    // As Go reads it.
    blank_is_absent: true,
};

/// The rules of the file, or everything that is wrong with it; and every file that was read, good or bad.
pub(super) fn read(path: &Path) -> (Result<Rules, Problems>, FileStamps) {
    let file = ConfigFile::read(path, OPTIONS);
    let rules = rules(&file);
    let (result, files) = file.finish();
    (result.map(|_| rules), files)
}

fn rules(file: &ConfigFile) -> Rules {
    let raw: RawWebConfig = file.values();
    let (http2, headers) = http::read(&raw.http_server_config, &file.section("http_server_config"));
    let tls = &raw.tls_server_config;
    let users = raw.basic_auth_users.filter(|users| !users.is_empty());
    Rules {
        http1_only: !http2,
        headers,
        tls: (**tls != RawTls::default())
            .then(|| tls::read(tls, &file.section("tls_server_config"), http2))
            .flatten(),
        users: users.map(|users| users::read(users, &file.section("basic_auth_users"))),
        rate: http::rate(&raw.rate_limit, &file.section("rate_limit")),
    }
}

/// The meaning of a name; the error is the end of a sentence that begins with its key.
fn meaning<T: Copy>(name: &str, known: &[(&str, T)]) -> Result<T, String> {
    let meaning = known.iter().find(|(known, _)| *known == name);
    meaning.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        format!(
            "has {}, which is not supported; choose from {}",
            quoted(name),
            names.join(", ")
        )
    })
}
