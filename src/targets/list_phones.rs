//! A look at an account's phones for somebody who wants to see the list, and no watching.

use std::collections::BTreeMap;

use tokio::time::sleep;

use super::listed_phones::ListedPhones;
use super::reader::{ListError, READINGS, Reader};
use crate::backoff;
use crate::config::Filter;
use geelark_client::{Client, ListedPhone, Transport};

/// The phones that one of `filters` lets through, each once, in the order of their ids.
pub async fn list_phones<T: Transport>(client: &Client<T>, filters: &[Filter]) -> Result<Vec<ListedPhone>, ListError> {
    let mut reader = Reader::new(None);
    let mut listings = ListedPhones::all(filters);
    for listed_phones in &mut listings {
        for reading in 1..=READINGS {
            let keep = |phone: ListedPhone| Some((listed_phones.id(&phone.id), phone));
            match reader.read(client, &listed_phones.filter, keep).await {
                Ok(pass) => {
                    if listed_phones.take_in(pass) {
                        break;
                    }
                }
                Err(trouble) if reading < READINGS && trouble.may_pass() => {}
                Err(trouble) => return Err(trouble),
            }
            if reading < READINGS {
                sleep(backoff::delay(reading, fastrand::f64())).await;
            }
        }
    }
    let phones: BTreeMap<_, _> = listings.iter().flat_map(ListedPhones::phones).collect();
    Ok(phones.into_values().cloned().collect())
}
