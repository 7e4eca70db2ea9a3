//! Sections as serde sees them.
//!
//! A struct that derives `Deserialize` also accepts a list, entry by entry. A configuration file must not: `budget: [4]`
//! is a mistake. These functions accept a mapping, and take null for a section without keys.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// What [`section`] expects, as an error message names it.
pub(crate) const EXPECTED: &str = "a section";

/// A section as an entry of a list: `Vec<Section<T>>`.
#[derive(Clone, Debug, Default)]
pub struct Section<T>(pub T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Section<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        section(deserializer).map(Self)
    }
}

/// For `#[serde(default, deserialize_with = "config_file::section")]`: a mapping, or null for the default.
pub fn section<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(SectionVisitor(PhantomData))
}

/// Like [`section`], where a section that is present without keys differs from one that is absent.
pub fn optional_section<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    section(deserializer).map(Some)
}

struct SectionVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for SectionVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}
