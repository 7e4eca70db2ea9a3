//! The exposition seen from outside: batches are updated, bodies are read.

mod bodies;
mod concurrency;
pub(crate) mod parser;
mod truth;

use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;
use flate2::read::{GzDecoder, MultiGzDecoder};

use super::*;
use crate::fleet::{BatchView, Freshness, ObservedStatus, Phone};
use crate::metrics::Registry;
use geelark_client::clock::UnixTime;
use geelark_client::phone::{PhoneId, Status};

fn empty_store() -> MetricsStore {
    MetricsStore::new(Registry::new())
}

pub(crate) fn view(account: &str, phones: impl IntoIterator<Item = Phone>) -> Arc<BatchView> {
    Arc::new(BatchView {
        account: account.into(),
        phones: phones.into_iter().collect(),
    })
}

pub(crate) fn fresh(id: &str, name: &str, status: i64, since: i64) -> Phone {
    Phone {
        name: Some(name.into()),
        standing: Freshness::Fresh,
        last: Some(ObservedStatus {
            status: Status::from_code(status),
            since: UnixTime(since),
        }),
        ..Phone::unseen(PhoneId::from(id))
    }
}

/// A store of `batches` batches without phones.
pub(crate) fn account_of(store: &MetricsStore, name: &Arc<str>, batches: usize) -> AccountStore {
    let account = store.account(name);
    account.replace_batches(vec![view(name, []); batches].iter());
    account
}

/// A store that shows one account `main` with these batches.
fn showing(batches: impl IntoIterator<Item = Arc<BatchView>>) -> MetricsStore {
    let store = empty_store();
    let batches: Vec<_> = batches.into_iter().collect();
    let account = account_of(&store, &"main".into(), batches.len());
    for (batch, view) in batches.into_iter().enumerate() {
        account.update_batch(batch, view);
    }
    store.set_accounts(vec![account]);
    store
}

/// The text of a scrape, after checks that every body must pass.
fn read(scrape: Scrape, encoding: Encoding) -> String {
    let len = scrape.len();
    let chunks: Vec<Bytes> = scrape.collect();
    assert!(
        chunks.iter().all(|chunk| !chunk.is_empty()),
        "an empty chunk ends a body early"
    );
    let body = chunks.concat();
    assert_eq!(body.len() as u64, len, "the length was announced wrongly");
    let body = match encoding {
        Encoding::Plain => body,
        Encoding::Gzip => gunzip(&body),
    };
    String::from_utf8(body).unwrap()
}

/// Unpacks exactly one gzip member.
fn gunzip(body: &[u8]) -> Vec<u8> {
    let (mut one, mut all) = (Vec::new(), Vec::new());
    let mut rest = body;
    GzDecoder::new(&mut rest).read_to_end(&mut one).unwrap();
    assert!(rest.is_empty(), "{} bytes follow the member", rest.len());
    MultiGzDecoder::new(body).read_to_end(&mut all).unwrap();
    assert_eq!(one, all);
    one
}

pub(crate) fn text(store: &MetricsStore, encoding: Encoding) -> String {
    read(store.scrape(encoding), encoding)
}

/// The part that does not change from scrape to scrape: everything before the metrics of the process.
pub(crate) fn steady(text: &str) -> &str {
    &text[..text.find("# HELP process_").unwrap()]
}
