//! What is posted, and which of it is shown.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};

use super::catalog::MetricInfo;
use super::families::{self, FAMILIES, PHONES};
use super::metrics::{BuildInfo, Metrics};
use super::names::Names;
use super::pieces::Pieces;
use super::press::{Press, Pressed};
use super::scrape::{Encoding, Scrape};
use crate::fleet::{BatchView, Tally};

/// What is posted for everyone to read. A cheap handle.
#[derive(Clone)]
pub struct Board(Arc<Inner>);

struct Inner {
    metrics: Metrics,
    shown: ArcSwap<Vec<Section>>,
    /// HELP and TYPE of each of [`FAMILIES`].
    headers: Arc<[Pressed]>,
    press: SharedPress,
}

/// One account's batches, each in its slot. A cheap handle, through which the account's poller posts.
#[derive(Clone)]
pub struct Section(Arc<Slots>);

struct Slots {
    account: Arc<str>,
    /// Empty until the batch is first posted.
    batches: Box<[ArcSwapOption<Posted>]>,
    press: SharedPress,
}

/// One batch as it is shown: replaced whole, so that whoever reads a slot has all of it from one instant.
pub(super) struct Posted {
    pub(super) view: Arc<BatchView>,
    pub(super) tally: Tally,
    pub(super) names: Names,
    pub(super) pieces: Pieces,
}

/// The one compressor: a third of a megabyte, needed for less than a millisecond at a time. Who holds it is the only one
/// to post, so no batch is overtaken by an older view.
#[derive(Clone)]
struct SharedPress(Arc<Mutex<Press>>);

impl SharedPress {
    fn lock(&self) -> MutexGuard<'_, Press> {
        // A press that somebody dropped in the middle of its work begins anew with every part.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Board {
    /// An empty board.
    pub fn new(build: BuildInfo) -> Self {
        let mut press = Press::new();
        let headers = FAMILIES.iter().map(|family| press.press(header(&family.info())));
        Self(Arc::new(Inner {
            metrics: Metrics::new(build),
            shown: ArcSwap::default(),
            headers: headers.collect(),
            press: SharedPress(Arc::new(Mutex::new(press))),
        }))
    }

    /// The exporter's own metrics.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Slots for the `batches` batches of `account`. They are not shown before [`Board::arrange`].
    pub fn section(&self, account: &Arc<str>, batches: usize) -> Section {
        Section(Arc::new(Slots {
            account: account.clone(),
            batches: (0..batches).map(|_| ArcSwapOption::empty()).collect(),
            press: self.0.press.clone(),
        }))
    }

    /// Shows these sections, in this order, and no others; all at once. No two may be of one account or share a phone.
    pub fn arrange(&self, sections: Vec<Section>) {
        self.0.shown.store(Arc::new(sections));
    }

    /// Everything that is shown now.
    pub fn scrape(&self, encoding: Encoding) -> Scrape {
        let sections = self.0.shown.load_full();
        let mut posted = Vec::with_capacity(sections.iter().map(|section| section.0.batches.len()).sum());
        let mut rest = header(&PHONES);
        for section in &*sections {
            let before = posted.len();
            posted.extend(section.posted());
            let mut tally = Tally::default();
            for batch in &posted[before..] {
                tally += batch.tally;
            }
            families::write_tally(&section.0.account, tally, &mut rest);
        }
        self.0.metrics.write(&mut rest);
        let rest = match encoding {
            Encoding::Plain => Pressed::plain(rest),
            Encoding::Gzip => self.0.press.lock().press(rest),
        };
        Scrape::new(encoding, self.0.headers.clone(), posted, rest)
    }

    /// The batches that are shown, in their order.
    pub fn views(&self) -> Vec<Arc<BatchView>> {
        let sections = self.0.shown.load();
        sections
            .iter()
            .flat_map(Section::posted)
            .map(|posted| posted.view.clone())
            .collect()
    }
}

impl Section {
    /// Shows `view` in place of what was shown of `batch`. A view that says nothing new costs next to nothing; pieces are
    /// compressed again only for families whose text changed.
    ///
    /// # Panics
    /// If the section has no such batch.
    pub fn post(&self, batch: usize, view: Arc<BatchView>) {
        let slot = &self.0.batches[batch];
        let mut press = self.0.press.lock();
        let before = slot.load();
        let before = before.as_deref();
        if before.is_some_and(|before| before.view == view) {
            return;
        }
        let names = Names::of(&view.phones);
        slot.store(Some(Arc::new(Posted {
            tally: Tally::of(&view.phones),
            pieces: Pieces::of(&view, &names, before, &mut press),
            names,
            view,
        })));
    }

    fn posted(&self) -> impl Iterator<Item = Arc<Posted>> {
        self.0.batches.iter().filter_map(ArcSwapOption::load_full)
    }
}

fn header(info: &MetricInfo) -> Vec<u8> {
    let mut text = Vec::new();
    info.write_header(&mut text);
    text
}

impl fmt::Debug for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Board").field(&self.0.shown.load()).finish()
    }
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Section")
            .field("account", &self.0.account)
            .field("batches", &self.0.batches.len())
            .finish()
    }
}
