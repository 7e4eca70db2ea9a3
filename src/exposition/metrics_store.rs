//! What is posted, and which of it is shown.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use super::catalog::MetricInfo;
use super::deflated_families::DeflatedFamilies;
use super::deflater::{DeflatedBlock, Deflater};
use super::families::{self, BEYOND_PARALLELS, FAMILIES, PHONES};
use super::metrics::{BuildInfo, Metrics};
use super::names::LabelPrefixes;
use super::scrape::{Encoding, Scrape};
use crate::fleet::{BatchView, StatusCounts};

/// What is posted for everyone to read. A cheap handle.
#[derive(Clone)]
pub struct MetricsStore(Arc<Inner>);

struct Inner {
    metrics: Metrics,
    shown: ArcSwap<Vec<AccountStore>>,
    /// HELP and TYPE of each of [`FAMILIES`].
    headers: Arc<[DeflatedBlock]>,
    deflater: SharedPress,
}

/// One account's batches, each in its slot. A cheap handle, through which the account's poller posts.
#[derive(Clone)]
pub struct AccountStore(Arc<Slots>);

struct Slots {
    account: Arc<str>,
    /// Replaced as a whole when phones move from batch to batch, so that no scrape sees one twice or not at all.
    batches: ArcSwap<Vec<Slot>>,
    deflater: SharedPress,
}

/// A batch's place on the metrics_store.
type Slot = Arc<ArcSwap<RenderedBatch>>;

/// One batch as it is shown: replaced whole, so that whoever reads a slot has all of it from one instant.
pub(super) struct RenderedBatch {
    pub(super) view: Arc<BatchView>,
    pub(super) tally: StatusCounts,
    pub(super) names: LabelPrefixes,
    pub(super) deflated_families: DeflatedFamilies,
}

/// The one compressor: a third of a megabyte, needed for less than a millisecond at a time. Who holds it is the only one
/// to update_batch, so no batch is overtaken by an older view.
#[derive(Clone)]
struct SharedPress(Arc<Mutex<Deflater>>);

impl SharedPress {
    fn lock(&self) -> MutexGuard<'_, Deflater> {
        // A deflater that somebody dropped in the middle of its work begins anew with every part.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RenderedBatch {
    /// What is shown of `view`, with whatever is the same as `before` taken from there.
    fn of(view: Arc<BatchView>, before: Option<&Self>, deflater: &mut Deflater) -> Arc<Self> {
        let names = LabelPrefixes::of(&view.phones);
        Arc::new(Self {
            tally: StatusCounts::of(&view.phones),
            deflated_families: DeflatedFamilies::of(&view, &names, before, deflater),
            names,
            view,
        })
    }
}

impl MetricsStore {
    /// An empty metrics_store.
    pub fn new(build: BuildInfo) -> Self {
        let mut deflater = Deflater::new();
        let headers = FAMILIES.iter().map(|family| deflater.deflater(header(&family.info())));
        Self(Arc::new(Inner {
            metrics: Metrics::new(build),
            shown: ArcSwap::default(),
            headers: headers.collect(),
            deflater: SharedPress(Arc::new(Mutex::new(deflater))),
        }))
    }

    /// The exporter's own metrics.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The section of `account`, still without batches. It is not shown before [`MetricsStore::set_accounts`].
    pub fn section(&self, account: &Arc<str>) -> AccountStore {
        AccountStore(Arc::new(Slots {
            account: account.clone(),
            batches: ArcSwap::default(),
            deflater: self.0.deflater.clone(),
        }))
    }

    /// Shows these sections, in this order, and no others; all at once. No two may be of one account or share a phone.
    pub fn set_accounts(&self, sections: Vec<AccountStore>) {
        self.0.shown.store(Arc::new(sections));
    }

    /// Everything that is shown now.
    pub fn scrape(&self, encoding: Encoding) -> Scrape {
        let sections = self.0.shown.load_full();
        let mut posted = Vec::new();
        let mut rest = header(&PHONES);
        let mut beyond = header(&BEYOND_PARALLELS);
        for section in &*sections {
            let before = posted.len();
            posted.extend(section.posted());
            let mut tally = StatusCounts::default();
            for batch in &posted[before..] {
                tally += batch.tally;
            }
            families::write_tally(&section.0.account, tally, &mut rest);
            if let Some(parallels) = self.0.metrics.parallels(&section.0.account) {
                families::write_beyond(&section.0.account, tally, parallels, &mut beyond);
            }
        }
        rest.append(&mut beyond);
        self.0.metrics.write(&mut rest);
        let rest = match encoding {
            Encoding::Plain => DeflatedBlock::plain(rest),
            Encoding::Gzip => self.0.deflater.lock().deflater(rest),
        };
        Scrape::new(encoding, self.0.headers.clone(), posted, rest)
    }

    /// The batches that are shown, in their order.
    pub fn views(&self) -> Vec<Arc<BatchView>> {
        let sections = self.0.shown.load();
        sections
            .iter()
            .flat_map(AccountStore::posted)
            .map(|posted| posted.view.clone())
            .collect()
    }
}

impl AccountStore {
    /// Shows `view` in place of what was shown of `batch`. A view that says nothing new costs next to nothing; deflated_families are
    /// compressed again only for families whose text changed.
    ///
    /// # Panics
    /// If the section has no such batch.
    pub fn update_batch(&self, batch: usize, view: Arc<BatchView>) {
        let mut deflater = self.0.deflater.lock();
        let slots = self.0.batches.load();
        let slot = &slots[batch];
        let before = slot.load();
        if before.view != view {
            slot.store(RenderedBatch::of(view, Some(&before), &mut deflater));
        }
    }

    /// Shows exactly these batches from now on, all at once. Batches that look as they did cost next to nothing.
    pub fn replace_batches<'a>(&self, views: impl Iterator<Item = &'a Arc<BatchView>>) {
        let mut deflater = self.0.deflater.lock();
        let before = self.0.batches.load();
        let slots = views.enumerate().map(|(batch, view)| {
            let slot = before.get(batch);
            let posted = slot.map(|slot| slot.load());
            match (slot, posted) {
                (Some(slot), Some(posted)) if posted.view == *view => slot.clone(),
                (_, posted) => {
                    let posted =
                        RenderedBatch::of(view.clone(), posted.as_deref().map(|posted| &**posted), &mut deflater);
                    Arc::new(ArcSwap::new(posted))
                }
            }
        });
        self.0.batches.store(Arc::new(slots.collect()));
    }

    fn posted(&self) -> Vec<Arc<RenderedBatch>> {
        self.0.batches.load().iter().map(|slot| slot.load_full()).collect()
    }
}

fn header(info: &MetricInfo) -> Vec<u8> {
    let mut text = Vec::new();
    info.write_header(&mut text);
    text
}

impl fmt::Debug for MetricsStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MetricsStore").field(&self.0.shown.load()).finish()
    }
}

impl fmt::Debug for AccountStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountStore")
            .field("account", &self.0.account)
            .field("batches", &self.0.batches.load().len())
            .finish()
    }
}
