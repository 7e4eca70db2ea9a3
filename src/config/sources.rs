//! Where a configuration comes from, and how the file and the environment become one tree.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use config::{Config as Merger, ConfigError, Map, Source, Value, ValueKind};

use super::environment::{self, Override};
use super::limits;
use super::problem::{Diagnostics, Problem, bare};
use super::{files, yaml};
use geelark_client::Secret;

/// Where the configuration is to be read from. Handed in, so that tests need no process of their own.
#[derive(Clone, Default)]
pub struct Sources {
    /// The YAML file, if there is one.
    pub file: Option<PathBuf>,
    /// The file's text, if it was read before and is not to be read again.
    pub document: Option<Secret>,
    /// The environment; variables that do not begin with `GEELARK_` are ignored.
    pub env: BTreeMap<String, String>,
}

impl Sources {
    /// `file` and this process's environment.
    pub fn from_process(file: Option<PathBuf>) -> Self {
        let env = std::env::vars_os()
            .map(|(name, value)| {
                (
                    name.to_string_lossy().into_owned(),
                    value.to_string_lossy().into_owned(),
                )
            })
            .filter(|(name, _)| name.starts_with(environment::FAMILY))
            .collect();
        Self {
            file,
            document: None,
            env,
        }
    }

    /// The same sources with the file's text in them: as it was read before, or as it is now.
    pub(super) fn read(&self) -> Result<Self, Problem> {
        let mut sources = self.clone();
        if let (Some(file), None) = (&self.file, &self.document) {
            let text = files::read(file, limits::CONFIG_FILE_BYTES)
                .map_err(|wrong| Problem::new(place(file), format!("the configuration file {wrong}")))?;
            sources.document = Some(text.into());
        }
        Ok(sources)
    }

    /// What the file's relative paths are relative to.
    pub(super) fn folder(&self) -> &Path {
        self.file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""))
    }

    /// The place of what is missing altogether.
    pub(super) fn place(&self) -> String {
        match &self.file {
            Some(file) => place(file),
            None => "environment".to_owned(),
        }
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

fn place(file: &Path) -> String {
    bare(&file.to_string_lossy())
}

/// The file's tree with the environment's overrides in it; `None` if the diagnostics say why there is none.
pub(super) fn merge(sources: &Sources, diagnostics: &mut Diagnostics) -> Option<Value> {
    let document = match (&sources.file, &sources.document) {
        (Some(file), Some(text)) => Some(yaml::parse(&place(file), text.expose(), diagnostics)?),
        _ => None,
    };
    let accounts = document.as_ref().map_or(0, count_accounts);
    let overrides = environment::overrides(&sources.env, accounts, diagnostics);
    if document.is_none() && overrides.is_empty() {
        let sentence =
            "nothing is configured; name a file with --config.file, or set GEELARK_TOKEN and GEELARK_PHONE_IDS";
        diagnostics.problem(Problem::new("configuration", sentence));
        return None;
    }
    let tree = build(document, overrides);
    if tree.is_err() {
        // Its own words may hold a value. Every path that is set was checked before, so this is a defect of ours.
        let sentence = "the file and the environment do not fit together; set the keys in one of them";
        diagnostics.problem(Problem::new(sources.place(), sentence));
    }
    tree.ok()
}

fn count_accounts(document: &Value) -> usize {
    let ValueKind::Table(table) = &document.kind else {
        return 0;
    };
    match table.get("accounts").map(|accounts| &accounts.kind) {
        Some(ValueKind::Array(accounts)) => accounts.len(),
        _ => 0,
    }
}

/// What the whole tree is called while it is merged. The merging takes the outermost keys for paths, so that a file's key
/// `accounts[9]` would reserve a list; below this one every key is taken as it is.
const ROOT: &str = "configuration";

fn build(document: Option<Value>, overrides: Vec<Override>) -> Result<Value, ConfigError> {
    let mut merger = Merger::builder();
    if let Some(document) = document {
        merger = merger.add_source(Document(document));
    }
    for Override { path, origin, value } in overrides {
        merger = merger.set_override(format!("{ROOT}.{path}"), Value::new(Some(&origin), value))?;
    }
    let mut tree = merger.build()?.cache.into_table()?;
    tree.remove(ROOT).ok_or_else(|| ConfigError::NotFound(ROOT.to_owned()))
}

/// A file that is read.
#[derive(Clone)]
struct Document(Value);

impl Source for Document {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(Map::from_iter([(ROOT.to_owned(), self.0.clone())]))
    }
}

/// The tree may hold a token.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Document")
    }
}
