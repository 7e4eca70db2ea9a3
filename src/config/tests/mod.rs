//! The room from outside: sources in, a configuration or whole sentences out.

mod anything;
mod bad;
mod billing;
mod discovery;
mod documents;
mod environment;
mod good;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::{Config, Problems, Sources, load};

/// A folder with a configuration file and everything that one might name.
struct Folder(TempDir);

impl Folder {
    fn new(yaml: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::create_dir(folder.path("folder")).unwrap();
        folder.write("c.yml", yaml);
        folder.write("token", "tok-from-file\n");
        folder.write("two_lines", "tok\nrest\n");
        folder.write("empty", "");
        folder.write("ids", "\u{feff}# farm\r\n1\r\n\r\n2 # two\r\n");
        folder.write("bad_ids", "1\n2 3\n4,5\n\n6 7\n8 9\n");
        folder.write("no_ids", "# none yet\n");
        fs::write(folder.path("latin1"), b"\xe9").unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn load(&self, env: &[(&str, &str)]) -> Result<Config, Problems> {
        load(&Sources {
            document: None,
            file: Some(self.path("c.yml")),
            env: variables(env),
        })
    }

    /// `text` without the folder's random name.
    fn anonymous(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.0.path().display()), "")
    }
}

fn variables(env: &[(&str, &str)]) -> BTreeMap<String, String> {
    env.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// What one account without problems needs at least, for tests about something else.
fn account(more: &str) -> String {
    format!("accounts: [{{name: a, token: t, phones: {{ids: ['1']}}, {more}}}]\n")
}
