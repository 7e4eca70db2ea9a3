//! Several lists, read until each is confirmed.

use std::collections::BTreeMap;

use tokio::time::sleep;

use super::list_reader::{ListError, ListReader};
use super::listed_phones::ListedPhones;
use super::settings::PhoneFilter;
use crate::backoff;
use geelark_client::phone::PhoneId;
use geelark_client::{Client, ListedPhone, Transport};

/// How often a list is read until two readings agree. A fleet that changes all the time may never stand still; its phones
/// are used all the same.
const READINGS: u32 = 3;

/// The lists of one account, and what is kept of each phone.
#[derive(Debug)]
pub(super) struct Lists<V> {
    lists: Vec<ListedPhones<V>>,
}

impl<V> Lists<V> {
    /// The lists of the phones that `filters` admit, not read yet.
    pub(super) fn new(filters: &[PhoneFilter]) -> Self {
        Self {
            lists: ListedPhones::all(filters),
        }
    }

    /// The phones of all lists, as far as they are known.
    pub(super) fn phones(&self) -> impl Iterator<Item = (&PhoneId, &V)> {
        self.lists.iter().flat_map(ListedPhones::phones)
    }

    /// Reads every list until it is confirmed. `keep` returns what to keep of a phone; `after_reading` is called after each
    /// reading of all lists, with what is known by then and whether another reading follows.
    pub(super) async fn read<T: Transport>(
        &mut self,
        client: &Client<T>,
        reader: &mut ListReader,
        mut keep: impl FnMut(ListedPhone) -> Option<V>,
        mut after_reading: impl FnMut(&Self, &mut ListReader, bool),
    ) -> Result<(), ListError> {
        let mut open: Vec<usize> = (0..self.lists.len()).collect();
        let mut errors = BTreeMap::new();
        for reading in 1..=READINGS {
            for at in std::mem::take(&mut open) {
                let list = &self.lists[at];
                let keep = |phone: ListedPhone| {
                    let id = list.id(&phone.id);
                    Some((id, keep(phone)?))
                };
                match reader.read(client, &list.filter, keep).await {
                    Ok(read) => {
                        errors.remove(&at);
                        if !self.lists[at].add_reading(read) {
                            open.push(at);
                        }
                    }
                    Err(error) if error.concerns_account() => return Err(error),
                    Err(error) => {
                        if error.may_pass() {
                            open.push(at);
                        }
                        errors.insert(at, error);
                    }
                }
            }
            let goes_on = !open.is_empty() && reading < READINGS;
            after_reading(self, reader, goes_on);
            if !goes_on {
                break;
            }
            sleep(backoff::delay(reading, fastrand::f64())).await;
        }
        errors.into_values().next().map_or(Ok(()), Err)
    }
}

/// The phones that one of `filters` admits, each once, in the order of their ids; for people who want to see the list.
pub async fn list_phones<T: Transport>(
    client: &Client<T>,
    filters: &[PhoneFilter],
) -> Result<Vec<ListedPhone>, ListError> {
    let mut lists = Lists::new(filters);
    lists
        .read(client, &mut ListReader::new(None), Some, |_, _, _| {})
        .await?;
    let phones: BTreeMap<_, _> = lists.phones().collect();
    Ok(phones.into_values().cloned().collect())
}
