//! What is shown: the rendered batches of every account, and the exporter's own metrics.

use std::sync::Arc;

use parking_lot::Mutex;

use super::block::{Block, GZIP_HEADER};
use super::families::{FAMILIES, PHONES, write_counts};
use super::rendered_batch::RenderedBatch;
use super::scrape::{Encoding, Scrape};
use crate::fleet::{BatchView, StatusCounts};
use crate::metrics::{Definition, Registry};

/// Everything that is shown. A cheap handle.
#[derive(Clone)]
pub struct MetricsStore {
    registry: Registry,
    accounts: Arc<Mutex<Vec<AccountStore>>>,
    /// HELP and TYPE of each of [`FAMILIES`], deflated. The first block begins with the header of the gzip member.
    headers: Arc<[Block]>,
}

/// The batches of one account. A cheap handle, through which the account's poller updates them.
#[derive(Clone)]
pub struct AccountStore {
    name: Arc<str>,
    /// Replaced as a whole when phones move between batches, so that no scrape shows a phone twice or not at all.
    batches: Arc<Mutex<Vec<Arc<RenderedBatch>>>>,
}

impl MetricsStore {
    /// A store without accounts that shows the metrics of `registry`.
    pub fn new(registry: Registry) -> Self {
        let headers = FAMILIES.iter().map(|family| {
            let mut text = Vec::new();
            family.definition.write_header(&mut text);
            Block::deflated(&text)
        });
        let mut headers: Vec<_> = headers.collect();
        headers[0].bytes.splice(..0, GZIP_HEADER);
        Self {
            registry,
            accounts: Arc::default(),
            headers: headers.into(),
        }
    }

    /// Every metric, in the order of the exposition's parts: phones, their counts, the exporter's own.
    pub fn definitions(&self) -> Vec<Definition> {
        let phones = FAMILIES.iter().map(|family| family.definition).chain([PHONES]);
        phones.chain(self.registry.definitions().iter().copied()).collect()
    }

    /// The store of the account `name`, still without batches. It is not shown before [`MetricsStore::set_accounts`].
    pub fn account(&self, name: &Arc<str>) -> AccountStore {
        AccountStore {
            name: name.clone(),
            batches: Arc::default(),
        }
    }

    /// Shows these accounts from now on, in this order, and no others. Names and phones must be unique.
    pub fn set_accounts(&self, accounts: Vec<AccountStore>) {
        *self.accounts.lock() = accounts;
    }

    /// What is shown now.
    pub fn scrape(&self, encoding: Encoding) -> Scrape {
        let (mut batches, mut rest) = (Vec::new(), Vec::new());
        PHONES.write_header(&mut rest);
        for account in &*self.accounts.lock() {
            let first = batches.len();
            batches.extend_from_slice(&account.batches.lock());
            let mut counts = StatusCounts::default();
            for batch in &batches[first..] {
                counts += batch.counts;
            }
            write_counts(&account.name, counts, &mut rest);
        }
        self.registry.write(&mut rest);
        Scrape::new(encoding, self.headers.clone(), batches, rest)
    }
}

impl AccountStore {
    /// Shows `view` as batch number `batch`. An equal view costs a comparison; otherwise only families whose text changed
    /// are compressed.
    ///
    /// # Panics
    /// If the account has no such batch.
    pub fn update_batch(&self, batch: usize, view: Arc<BatchView>) {
        let before = self.batches.lock()[batch].clone();
        if before.view != view {
            let rendered = Arc::new(RenderedBatch::new(view, Some(&before)));
            self.batches.lock()[batch] = rendered;
        }
    }

    /// Shows exactly these batches from now on. Batches that did not change cost a comparison.
    pub fn replace_batches<'a>(&self, views: impl Iterator<Item = &'a Arc<BatchView>>) {
        let before = self.batches.lock().clone();
        let batches = views.enumerate().map(|(batch, view)| match before.get(batch) {
            Some(shown) if shown.view == *view => shown.clone(),
            shown => Arc::new(RenderedBatch::new(view.clone(), shown.map(|shown| &**shown))),
        });
        let batches = batches.collect();
        *self.batches.lock() = batches;
    }
}
