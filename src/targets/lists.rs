//! Several lists, read until each is confirmed.

use std::collections::BTreeMap;

use tokio::time::sleep;

use super::list_reader::{ListError, ListReader};
use super::listed_phones::ListedPhones;
use super::settings::PhoneFilter;
use crate::backoff;
use geelark_client::phone::PhoneId;
use geelark_client::{Client, ListedPhone, Transport};

/// How often a list is read until two readings agree. The phones of a list that changes all the time are used without
/// that.
const READINGS: u32 = 3;

/// The lists of one account, and what is kept of each phone.
#[derive(Debug)]
pub(super) struct Lists<V>(Vec<ListedPhones<V>>);

impl<V> Lists<V> {
    /// The lists of the phones that `filters` admit, not read yet.
    pub(super) fn new(filters: &[PhoneFilter]) -> Self {
        Self(ListedPhones::all(filters))
    }

    /// The phones of all lists, as far as they are known.
    pub(super) fn phones(&self) -> impl Iterator<Item = (&PhoneId, &V)> {
        self.0.iter().flat_map(ListedPhones::phones)
    }

    /// Reads every list until it is confirmed. `keep` returns what to keep of a phone; `after_reading` is called after each
    /// reading of all lists, and learns whether another reading follows.
    pub(super) async fn read<T: Transport>(
        &mut self,
        reader: &mut ListReader<'_, T>,
        mut keep: impl FnMut(ListedPhone) -> Option<V>,
        mut after_reading: impl FnMut(&Self, &mut ListReader<'_, T>, bool),
    ) -> Result<(), ListError> {
        // Whether each list is confirmed, or why its last reading failed.
        let mut states: Vec<Result<bool, ListError>> = self.0.iter().map(|_| Ok(false)).collect();
        let is_open = |state: &Result<bool, ListError>| match state {
            Ok(is_confirmed) => !is_confirmed,
            Err(error) => error.may_pass(),
        };
        for reading in 1..=READINGS {
            for (list, state) in self.0.iter_mut().zip(&mut states).filter(|(_, state)| is_open(state)) {
                let keep = |phone: ListedPhone| Some((list.id(&phone.id), keep(phone)?));
                match reader.read(&list.filter, keep).await {
                    Err(error) if error.concerns_account() => return Err(error),
                    result => *state = result.map(|reading| list.add_reading(reading)),
                }
            }
            let goes_on = reading < READINGS && states.iter().any(is_open);
            after_reading(self, reader, goes_on);
            if !goes_on {
                break;
            }
            sleep(backoff::delay(reading, fastrand::f64())).await;
        }
        states.into_iter().try_for_each(|state| state.map(drop))
    }
}

/// The phones that one of `filters` admits, each once, in the order of their ids.
pub async fn list_phones<T: Transport>(
    client: &Client<T>,
    filters: &[PhoneFilter],
) -> Result<Vec<ListedPhone>, ListError> {
    let mut lists = Lists::new(filters);
    let mut reader = ListReader::new(client, None);
    lists.read(&mut reader, Some, |_, _, _| {}).await?;
    let phones: BTreeMap<_, _> = lists.phones().collect();
    Ok(phones.into_values().cloned().collect())
}
