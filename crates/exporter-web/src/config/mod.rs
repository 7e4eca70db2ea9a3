//! exporter-toolkit's web configuration file, to [`Rules`] that cannot be wrong.
//!
//! Every problem is a sentence `file: key path: what is wrong; what to do`, and all of them are reported at once. Paths in
//! the file are relative to it.

mod bounds;
mod client;
mod files;
mod http;
mod pem;
mod section;
#[cfg(test)]
mod tests;
mod tls;
mod users;
mod verifier;

use std::path::Path;

use yaml_rust2::{Yaml, YamlLoader};

use self::files::Files;
use self::section::{Report, Section};
use super::Problems;
use super::rules::Rules;
use config_file::FileStamps;

/// What came of reading.
pub(super) struct Reading {
    pub(super) outcome: Result<Rules, Problems>,
    /// Every file looked at, good or bad: a change of any of them calls for another reading.
    pub(super) stamps: FileStamps,
}

/// Reads the file and what it refers to.
pub(super) fn read(path: &Path) -> Reading {
    let mut files = Files::beside(path);
    let mut report = Report::new(path);
    let rules = rules(path, &mut files, &mut report);
    Reading {
        outcome: Problems::or(report.sentences, rules),
        stamps: files.stamps,
    }
}

fn rules(path: &Path, files: &mut Files, report: &mut Report) -> Rules {
    let mut rules = Rules::default();
    let Some(document) = document(path, files, report) else {
        return rules;
    };
    let Some(mut root) = Section::new(String::new(), &document, report) else {
        return rules;
    };
    if let Some(section) = root.section("http_server_config", report) {
        (rules.http2, rules.headers) = http::read(section, report);
    }
    if let Some(section) = root.section("tls_server_config", report) {
        rules.tls = tls::read(section, rules.http2, files, report);
    }
    if let Some(section) = root.section("basic_auth_users", report) {
        rules.users = users::read(&section, report);
    }
    if let Some(section) = root.section("rate_limit", report) {
        rules.rate = http::rate(section, report);
    }
    root.finish(report);
    rules
}

/// The YAML document; `None` for an empty file, which asks for nothing, and for one that cannot be read.
fn document(path: &Path, files: &mut Files, report: &mut Report) -> Option<Yaml> {
    let text = match files.text(path) {
        Ok(text) => text,
        Err(error) => {
            report.whole(&format!(
                "cannot be read ({error}); correct --web.config.file or the file"
            ));
            return None;
        }
    };
    if let Err(refused) = bounds::check(&text) {
        report.whole(refused);
        return None;
    }
    match YamlLoader::load_from_str(&text) {
        Ok(mut documents) if documents.len() <= 1 => documents.pop().filter(|document| !document.is_null()),
        Ok(_) => {
            report.whole("holds several YAML documents; leave one");
            None
        }
        Err(error) => {
            report.whole(&format!("is not YAML ({error}); correct it there"));
            None
        }
    }
}
