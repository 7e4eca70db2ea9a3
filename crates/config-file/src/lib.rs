//! Reading a configuration file: its values, where each one is written, what is wrong with it, and whether it changed.
//!
//! - [`ConfigFile`] is a tree of values that know their line (`yaml` reads it). It deserialises typed structs, whose
//!   sections are [`Mapping`]s.
//! - [`Section`] checks values, and reports problems and warnings with key path and line.
//! - [`Problems`] are sentences. They never contain credentials: [`quoted`] and [`bare`] redact them, [`suggest`] finds
//!   the word that was meant.
//! - [`read_text`] reads a file, [`FileStamps`] notices that files changed.

mod config_file;
mod mapping;
mod problem;
mod section;
mod stamp;
mod suggest;
mod text_file;
mod yaml;

pub use config_file::ConfigFile;
pub use mapping::Mapping;
pub use problem::{Problems, bare, quoted};
pub use section::Section;
pub use stamp::FileStamps;
pub use suggest::suggest;
pub use text_file::read_text;
pub use yaml::ReadOptions;
