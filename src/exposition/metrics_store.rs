//! What is shown: the rendered batches of every account, and the exporter's own metrics.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use super::deflater::{DeflatedBlock, Deflater};
use super::families::{self, FAMILIES};
use super::rendered_batch::RenderedBatch;
use super::scrape::{Encoding, Scrape};
use crate::fleet::{BatchView, StatusCounts};
use crate::metrics::Registry;

/// Everything that is shown. A cheap handle.
#[derive(Clone)]
pub struct MetricsStore(Arc<Inner>);

struct Inner {
    registry: Registry,
    accounts: ArcSwap<Vec<AccountStore>>,
    /// HELP and TYPE of each of [`FAMILIES`].
    headers: Arc<[DeflatedBlock]>,
    deflater: SharedDeflater,
}

/// The batches of one account. A cheap handle, through which the account's poller updates them.
#[derive(Clone)]
pub struct AccountStore(Arc<AccountInner>);

struct AccountInner {
    account: Arc<str>,
    /// Replaced as a whole when phones move between batches, so that no scrape shows a phone twice or not at all.
    batches: ArcSwap<Vec<Arc<ArcSwap<RenderedBatch>>>>,
    deflater: SharedDeflater,
}

/// The one compressor: a third of a megabyte, needed for less than a millisecond at a time. Batches are updated under its
/// lock, so an older view never replaces a newer one.
#[derive(Clone)]
struct SharedDeflater(Arc<Mutex<Deflater>>);

impl SharedDeflater {
    fn lock(&self) -> MutexGuard<'_, Deflater> {
        // A deflater resets itself before each block, so a panic in the middle of one does no harm.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MetricsStore {
    /// A store without accounts that shows the metrics of `registry`.
    pub fn new(registry: Registry) -> Self {
        let mut deflater = Deflater::new();
        let headers = FAMILIES.iter().map(|family| {
            let header = family.definition().header();
            deflater.deflate_block(header.into())
        });
        Self(Arc::new(Inner {
            registry,
            accounts: ArcSwap::default(),
            headers: headers.collect(),
            deflater: SharedDeflater(Arc::new(Mutex::new(deflater))),
        }))
    }

    /// The store of `account`, still without batches. It is not shown before [`MetricsStore::set_accounts`].
    pub fn account(&self, account: &Arc<str>) -> AccountStore {
        AccountStore(Arc::new(AccountInner {
            account: account.clone(),
            batches: ArcSwap::default(),
            deflater: self.0.deflater.clone(),
        }))
    }

    /// Shows these accounts from now on, in this order, and no others. Names and phones must be unique.
    pub fn set_accounts(&self, accounts: Vec<AccountStore>) {
        self.0.accounts.store(Arc::new(accounts));
    }

    /// What is shown now.
    pub fn scrape(&self, encoding: Encoding) -> Scrape {
        let mut batches = Vec::new();
        let mut rest: Vec<u8> = families::counts_definition().header().into();
        for account in &**self.0.accounts.load() {
            let first = batches.len();
            batches.extend(account.rendered());
            let mut counts = StatusCounts::default();
            for batch in &batches[first..] {
                counts += batch.counts;
            }
            families::write_counts(&account.0.account, counts, &mut rest);
        }
        self.0.registry.write(&mut rest);
        let rest = match encoding {
            Encoding::Plain => DeflatedBlock::plain(rest),
            Encoding::Gzip => self.0.deflater.lock().deflate_block(rest),
        };
        Scrape::new(encoding, self.0.headers.clone(), batches, rest)
    }

    /// The batches that are shown, in their order.
    pub fn views(&self) -> Vec<Arc<BatchView>> {
        let accounts = self.0.accounts.load();
        let batches = accounts.iter().flat_map(AccountStore::rendered);
        batches.map(|batch| batch.view.clone()).collect()
    }
}

impl AccountStore {
    /// Shows `view` as batch number `batch`. A view that says nothing new costs a comparison; otherwise only families
    /// whose text changed are compressed.
    ///
    /// # Panics
    /// If the account has no such batch.
    pub fn update_batch(&self, batch: usize, view: Arc<BatchView>) {
        let mut deflater = self.0.deflater.lock();
        let batches = self.0.batches.load();
        let before = batches[batch].load();
        if before.view != view {
            batches[batch].store(RenderedBatch::new(view, Some(&before), &mut deflater));
        }
    }

    /// Shows exactly these batches from now on. Batches that did not change cost a comparison.
    pub fn replace_batches<'a>(&self, views: impl Iterator<Item = &'a Arc<BatchView>>) {
        let mut deflater = self.0.deflater.lock();
        let before = self.0.batches.load();
        let batches = views.enumerate().map(|(batch, view)| match before.get(batch) {
            Some(shown) if shown.load().view == *view => shown.clone(),
            shown => {
                let shown = shown.map(|shown| shown.load_full());
                let rendered = RenderedBatch::new(view.clone(), shown.as_deref(), &mut deflater);
                Arc::new(ArcSwap::new(rendered))
            }
        });
        self.0.batches.store(Arc::new(batches.collect()));
    }

    fn rendered(&self) -> Vec<Arc<RenderedBatch>> {
        self.0.batches.load().iter().map(|batch| batch.load_full()).collect()
    }
}

impl fmt::Debug for MetricsStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MetricsStore").field(&self.0.accounts.load()).finish()
    }
}

impl fmt::Debug for AccountStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "AccountStore({}, {} batches)",
            self.0.account,
            self.0.batches.load().len()
        )
    }
}
