//! Reading a configuration file: its values, where each one is written, what is wrong with it, and whether it changed.
//!
//! - `yaml` reads text into a tree whose values know their line.
//! - [`Document`] is that tree: it deserialises typed structs and finds the place of each key.
//! - [`Problem`], [`Problems`] and [`Diagnostics`] are the sentences about it. They never contain credentials.
//! - [`read_text`] reads a file, [`FileStamps`] notices that files changed.

mod document;
mod problem;
mod section;
mod stamp;
mod suggest;
mod text_file;
mod yaml;

pub use document::Document;
pub use problem::{Diagnostics, Problem, Problems, bare, quoted};
pub use section::{Section, optional_section, section};
pub use stamp::FileStamps;
pub use suggest::suggest;
pub use text_file::read_text;
pub use yaml::Bounds;
