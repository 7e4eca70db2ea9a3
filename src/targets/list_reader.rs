//! Reading one list of phones once, from its first page to its last.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use crate::backoff;
use crate::metrics::CallMetrics;
use geelark_client::phone::PhoneId;
use geelark_client::{Blocked, Client, Consequence, Failure, ListFilter, ListedPhone, PAGE_SIZE, Page, Transport};

/// How often one page is requested before the list is given up.
const TRIES: u32 = 3;

/// The longest list that is read: a million phones, ten times the largest expected fleet. More can only come from a server
/// that answers every page with phones for ever.
const MAX_PAGES: u32 = 10_000;

/// A phone that is created while pages are read moves the others down, so that one comes twice and the list has one less
/// than there are. This many a page are explained by that; more mean that the server ignores the page number.
const MOVED_A_PAGE: usize = 10;

/// After the first listing, discovery leaves three quarters of the budget to polling.
const SHARE: u32 = 4;

/// Reads lists, a page at a time.
pub(super) struct ListReader {
    /// The shortest time between two pages.
    gap: Duration,
    /// When the next page may be requested.
    free_at: Instant,
    calls: Option<CallMetrics>,
}

/// One reading of one list.
#[derive(Debug)]
pub(super) struct Reading<V> {
    pub(super) phones: BTreeMap<PhoneId, V>,
    /// No sign of phones added or removed meanwhile: every page had the same total, and no phone came twice.
    pub(super) steady: bool,
    /// The list was one page, which said how many phones there are.
    pub(super) one_page: bool,
}

/// Why a list could not be read. Displays as a sentence for the log.
#[derive(Debug)]
pub enum ListError {
    /// The account is blocked.
    Blocked(Blocked),
    /// A page was not answered.
    Failed {
        /// Which page, from 1.
        page: u32,
        /// The call's `traceId`.
        trace_id: Uuid,
        /// Why.
        failure: Failure,
    },
    /// A page, or the whole list, has fewer phones than its own total says.
    Short {
        /// The last page read, from 1.
        page: u32,
        /// The call's `traceId`.
        trace_id: Uuid,
        /// Phones read.
        found: usize,
        /// Phones there should be; `None` where GeeLark gave no total.
        expected: Option<usize>,
    },
    /// The list does not end.
    Endless,
}

impl ListReader {
    /// A reader that reads as fast as the budget allows, for now.
    pub(super) fn new(calls: Option<CallMetrics>) -> Self {
        Self {
            gap: Duration::ZERO,
            free_at: Instant::now(),
            calls,
        }
    }

    /// Takes only a share of a budget with a call every `spacing` from now on.
    pub(super) fn slow_down(&mut self, spacing: Duration) {
        self.gap = spacing * SHARE;
    }

    /// Reads the phones that `filter` admits. `keep` returns what to keep of each, or `None` to skip it.
    pub(super) async fn read<T: Transport, V>(
        &mut self,
        client: &Client<T>,
        filter: &ListFilter,
        mut keep: impl FnMut(ListedPhone) -> Option<(PhoneId, V)>,
    ) -> Result<Reading<V>, ListError> {
        let mut phones = BTreeMap::new();
        let (mut steady, mut total) = (true, None);
        let (mut entries, mut repeated) = (0, 0);
        for page in 1..=MAX_PAGES {
            let (trace_id, read) = self.page(client, filter, page).await?;
            check(page, &read, trace_id)?;
            steady &= page == 1 || total == read.total;
            total = read.total;
            entries += read.entries;
            let admitted = read.phones.into_iter().filter(|phone| filter.admits(phone));
            for (id, kept) in admitted.filter_map(&mut keep) {
                repeated += usize::from(phones.insert(id, kept).is_some());
            }
            let is_last = match total {
                Some(total) => page as usize * PAGE_SIZE >= total,
                None => read.entries < PAGE_SIZE,
            };
            if !is_last {
                continue;
            }
            let found = entries - repeated;
            let moved = (page as usize - 1) * MOVED_A_PAGE;
            if page > 1 && total.is_some_and(|total| found + moved < total) {
                let expected = total;
                return Err(ListError::Short {
                    page,
                    trace_id,
                    found,
                    expected,
                });
            }
            return Ok(Reading {
                phones,
                steady: steady && repeated == 0,
                one_page: page == 1 && total.is_some(),
            });
        }
        Err(ListError::Endless)
    }

    /// One page, requested again where that may help.
    async fn page<T: Transport>(
        &mut self,
        client: &Client<T>,
        filter: &ListFilter,
        page: u32,
    ) -> Result<(Uuid, Page), ListError> {
        for attempt in 1.. {
            sleep_until(self.free_at).await;
            let call = client.phone_list(page, filter).await.map_err(ListError::Blocked)?;
            self.free_at = Instant::now() + self.gap;
            if let Some(calls) = &self.calls {
                calls.count(&call);
            }
            let trace_id = call.trace_id;
            match call.outcome {
                Ok(read) => return Ok((trace_id, read)),
                Err(failure) if attempt < TRIES && failure.consequence() == Consequence::Retry => {
                    sleep(backoff::delay(attempt, fastrand::f64())).await;
                }
                Err(failure) => {
                    return Err(ListError::Failed {
                        page,
                        trace_id,
                        failure,
                    });
                }
            }
        }
        Err(ListError::Endless)
    }
}

/// A page must hold what is left of its total, or a hundred phones. An answer with neither phones nor a total is none.
fn check(page: u32, read: &Page, trace_id: Uuid) -> Result<(), ListError> {
    let before = (page as usize - 1) * PAGE_SIZE;
    let expected = read.total.map(|total| total.saturating_sub(before).min(PAGE_SIZE));
    let is_short = match expected {
        Some(expected) => read.entries < expected,
        None => page == 1 && read.entries == 0,
    };
    if is_short {
        let found = read.entries;
        return Err(ListError::Short {
            page,
            trace_id,
            found,
            expected,
        });
    }
    Ok(())
}

impl ListError {
    /// Whether reading the list again at once may help.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Short { .. })
    }

    /// Whether it concerns the account, and so every list.
    pub(super) fn concerns_account(&self) -> bool {
        match self {
            Self::Blocked(_) => true,
            Self::Failed { failure, .. } => matches!(failure.consequence(), Consequence::Block(_)),
            Self::Short { .. } | Self::Endless => false,
        }
    }
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blocked(_) => f.write_str("the account is blocked"),
            Self::Failed {
                page,
                trace_id,
                failure,
            } => {
                let Failure { reason, message, .. } = failure;
                write!(
                    f,
                    "page {page} of the list: {message} (reason {reason}, traceId {trace_id})"
                )
            }
            Self::Short {
                page,
                trace_id,
                found,
                expected: Some(expected),
            } => write!(
                f,
                "the list is short: {found} phones up to its page {page}, where GeeLark's own total makes {expected} \
                 (traceId {trace_id})"
            ),
            Self::Short { page, trace_id, .. } => {
                write!(
                    f,
                    "page {page} of the list has neither phones nor a total (traceId {trace_id})"
                )
            }
            Self::Endless => {
                write!(
                    f,
                    "the list has more than {MAX_PAGES} pages; check base_url, or filter by group"
                )
            }
        }
    }
}
