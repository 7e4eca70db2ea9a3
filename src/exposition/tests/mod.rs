//! Tests of the whole exposition: batches are updated, bodies are read.

mod bodies;
mod concurrency;
mod documentation;
mod exporter_metrics;
mod golden;
mod parser;
mod updates;

use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;
use flate2::read::{GzDecoder, MultiGzDecoder};

use super::*;
use crate::app::metrics::registry;
use crate::fleet::{BatchView, Freshness, ObservedStatus, Phone};
use crate::metrics::{Definition, Kind};
use geelark_client::clock::UnixTime;
use geelark_client::phone::{PhoneId, Status};

fn metrics_store() -> MetricsStore {
    MetricsStore::new(registry())
}

fn definitions() -> Vec<Definition> {
    metrics_store().definitions()
}

fn view(account: &str, phones: impl IntoIterator<Item = Phone>) -> Arc<BatchView> {
    Arc::new(BatchView {
        account: account.into(),
        phones: phones.into_iter().collect(),
    })
}

fn fresh(id: &str, name: &str, status: i64, since: i64) -> Phone {
    Phone {
        name: Some(name.into()),
        freshness: Freshness::Fresh,
        last: Some(ObservedStatus {
            status: Status(status),
            since: UnixTime(since),
        }),
        ..Phone::unseen(PhoneId::from(id))
    }
}

/// The store of an account with `batches` batches without phones.
fn store_of(metrics_store: &MetricsStore, account: &Arc<str>, batches: usize) -> AccountStore {
    let account_store = metrics_store.account(account);
    account_store.replace_batches(vec![view(account, []); batches].iter());
    account_store
}

/// A store that shows one account `main` with these batches.
fn showing(batches: impl IntoIterator<Item = Arc<BatchView>>) -> MetricsStore {
    let metrics_store = metrics_store();
    let batches: Vec<_> = batches.into_iter().collect();
    let account_store = store_of(&metrics_store, &"main".into(), batches.len());
    for (batch, view) in batches.into_iter().enumerate() {
        account_store.update_batch(batch, view);
    }
    metrics_store.set_accounts(vec![account_store]);
    metrics_store
}

/// The text of a scrape, after checking all that must hold for any body.
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

/// Unpacks what must be exactly one gzip member.
fn gunzip(body: &[u8]) -> Vec<u8> {
    let (mut one, mut all) = (Vec::new(), Vec::new());
    let mut rest = body;
    GzDecoder::new(&mut rest).read_to_end(&mut one).unwrap();
    assert!(rest.is_empty(), "{} bytes follow the member", rest.len());
    MultiGzDecoder::new(body).read_to_end(&mut all).unwrap();
    assert_eq!(one, all);
    one
}

fn text(metrics_store: &MetricsStore, encoding: Encoding) -> String {
    read(metrics_store.scrape(encoding), encoding)
}

/// The part that does not change from scrape to scrape: all before the metrics of the process.
fn steady(text: &str) -> &str {
    &text[..text.find("# HELP process_").unwrap()]
}
