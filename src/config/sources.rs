//! Where a configuration comes from, and how the file and the environment become one document.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use config_file::{ConfigFile, bare, read_text};
use geelark_client::Secret;

use super::{environment, limits};

/// Where the configuration is to be read from. A parameter, so that tests need no process of their own.
#[derive(Clone, Default)]
pub struct Sources {
    /// The YAML file, if there is one.
    pub file: Option<PathBuf>,
    /// The YAML text. With a file, it is the file's text that was read before, and the file is not read again.
    pub document: Option<Secret>,
    /// The environment; variables that do not begin with `GEELARK_` are ignored.
    pub env: BTreeMap<String, String>,
}

impl Sources {
    /// `file` and this process's environment.
    pub fn from_process(file: Option<PathBuf>) -> Self {
        let text = |text: OsString| text.to_string_lossy().into_owned();
        let env = std::env::vars_os().map(|(name, value)| (text(name), text(value)));
        let env = env.filter(|(name, _)| name.starts_with(environment::FAMILY)).collect();
        Self {
            file,
            document: None,
            env,
        }
    }

    /// The same sources with the file's text in them: as it was read before, or as it is now.
    pub(super) fn read(&self) -> Result<Self, String> {
        let mut sources = self.clone();
        if let (Some(file), None) = (&self.file, &self.document) {
            let text = read_text(file, limits::CONFIG_FILE.bytes).map_err(|wrong| {
                let place = bare(&file.to_string_lossy());
                format!("{place}: the configuration file {wrong}")
            })?;
            sources.document = Some(text.into());
        }
        Ok(sources)
    }

    /// The file, without values if there is none. An empty file is an error.
    pub(super) fn file(&self) -> Result<ConfigFile, String> {
        let path = self.file.as_deref().unwrap_or(Path::new("configuration"));
        let Some(text) = &self.document else {
            return Ok(ConfigFile::empty("configuration"));
        };
        let file = ConfigFile::parse(path, text.expose(), limits::CONFIG_FILE);
        if file.is_empty() && file.problems() == 0 {
            let advice = "describe at least one account under \"accounts:\"";
            return Err(format!("{}: the file is empty; {advice}", file.place()));
        }
        Ok(file)
    }
}

/// Names the variables without their values.
impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("file", &self.file)
            .field("document", &self.document)
            .field("env", &self.env.keys())
            .finish()
    }
}
