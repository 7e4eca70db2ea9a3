//! A look at an account's phones for somebody who wants to see the list, and no watching.

use std::collections::BTreeMap;

use tokio::time::sleep;

use super::listing::Listing;
use super::reader::{READINGS, Reader, Trouble};
use crate::backoff;
use crate::config::Filter;
use crate::geelark::{Client, Listed, Transport};

/// The phones that one of `filters` lets through, each once, in the order of their ids.
pub async fn survey<T: Transport>(client: &Client<T>, filters: &[Filter]) -> Result<Vec<Listed>, Trouble> {
    let mut reader = Reader::new(None);
    let mut listings = Listing::all(filters);
    for listing in &mut listings {
        for reading in 1..=READINGS {
            let keep = |phone: Listed| Some((listing.id(&phone.id), phone));
            match reader.read(client, &listing.filter, keep).await {
                Ok(pass) => {
                    if listing.take_in(pass) {
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
    let phones: BTreeMap<_, _> = listings.iter().flat_map(Listing::phones).collect();
    Ok(phones.into_values().cloned().collect())
}
