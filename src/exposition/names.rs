//! How the phones of a batch are named in its lines, spelt out once for all families.

use super::text;
use crate::fleet::Phone;

/// The labels that phone series begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    Id,
    IdAndName,
}

/// For every phone of a batch `{id="…",serial_name="…`, escaped, up to the closing quote.
///
/// The same for each family and most of every line: spelling it out once makes a plain scrape several times cheaper, for
/// about 60 bytes a phone.
pub(super) struct LabelPrefixes {
    text: Box<[u8]>,
    /// Where in `text` each phone's id and each phone's name ends; the next phone begins there.
    ends: Box<[(usize, usize)]>,
}

impl Naming {
    pub(super) fn labels(self) -> &'static [&'static str] {
        match self {
            Self::Id => &["id"],
            Self::IdAndName => &["id", "serial_name"],
        }
    }
}

impl LabelPrefixes {
    pub(super) fn of(phones: &[Phone]) -> Self {
        let mut text = Vec::new();
        let ends = phones.iter().map(|phone| {
            text.extend_from_slice(b"{id=\"");
            text::escaped(&mut text, phone.id.as_str());
            let id = text.len();
            text.extend_from_slice(b"\",serial_name=\"");
            text::escaped(&mut text, phone.label_name());
            (id, text.len())
        });
        Self {
            ends: ends.collect(),
            text: text.into(),
        }
    }

    /// How each phone is named, in their order.
    pub(super) fn iter(&self, naming: Naming) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&(id, name)| {
            let end = match naming {
                Naming::Id => id,
                Naming::IdAndName => name,
            };
            let named = &self.text[start..end];
            start = name;
            named
        })
    }
}
