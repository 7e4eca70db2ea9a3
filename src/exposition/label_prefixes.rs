//! The labels that identify each phone of a batch, rendered once for all families.

use super::text;
use crate::fleet::Phone;

/// For every phone of a batch `{id="…",serial_name="…`, escaped, up to the closing quote.
///
/// This is most of every line and the same in each family. Rendering it once makes a plain scrape several times cheaper
/// and costs about 60 bytes a phone.
pub(super) struct LabelPrefixes {
    text: Box<[u8]>,
    /// Where in `text` each phone's id and name end; the next phone begins where the name ends.
    ends: Box<[(usize, usize)]>,
}

impl LabelPrefixes {
    pub(super) fn new(phones: &[Phone]) -> Self {
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

    /// The prefix of each phone, in their order, with or without the name.
    pub(super) fn iter(&self, with_name: bool) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&(id, name)| {
            let prefix = &self.text[start..if with_name { name } else { id }];
            start = name;
            prefix
        })
    }
}
