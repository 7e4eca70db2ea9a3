//! Reading one listed_phones once, from its first page to its last.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use crate::api_metrics::ApiMetrics;
use crate::backoff;
use geelark_client::phone::PhoneId;
use geelark_client::{Blocked, Call, Client, Consequence, Failure, Filter, ListedPhone, PAGE_SIZE, Page, Transport};

/// How often a listed_phones is read until two readings agree. A fleet in which phones come and go all the time may never stand
/// still; it is followed all the same.
pub(super) const READINGS: u32 = 3;

/// How often one page is asked for before the list is given up.
const TRIES: u32 = 3;

/// The longest list that is read: a million phones, ten times the largest fleet there is reason to expect. More can only come
/// from something that answers every page with phones for ever.
const MAX_PAGES: u32 = 10_000;

/// A phone that is made between two pages may move the others down, so that one comes twice and the list has one less than
/// there are. So many a page are put down to that; more, and somebody is not turning the pages.
const MOVED_A_PAGE: usize = 10;

/// After the first look discovery leaves three quarters of the budget to the polling.
const SHARE: u32 = 4;

/// Reads listings, a page at a time, and not more often than is its share.
#[derive(Debug)]
pub(super) struct Reader {
    /// The least time from one page to the next.
    gap: Duration,
    /// When the next page may be asked for.
    free_at: Instant,
    api: Option<ApiMetrics>,
}

/// One reading of one listed_phones.
#[derive(Debug)]
pub(super) struct Reading<V> {
    pub(super) phones: BTreeMap<PhoneId, V>,
    /// Nothing told that phones came or went meanwhile: no page had another total than the first, no phone came twice.
    pub(super) steady: bool,
    /// All of it was one page, which said how many phones there are.
    pub(super) one_page: bool,
}

/// Why a listed_phones could not be read. Displays as a sentence for the log.
#[derive(Debug)]
pub enum ListError {
    /// The account is closed for calls.
    Blocked(Blocked),
    /// A page was not answered.
    FailedPhone {
        /// Which page.
        page: u32,
        /// The call's `traceId`.
        trace_id: Uuid,
        /// What came of it.
        failure: Failure,
    },
    /// A page, or the whole list, had fewer phones than there are by GeeLark's own count.
    Short {
        /// The last page read.
        page: u32,
        /// The call's `traceId`.
        trace_id: Uuid,
        /// Phones there were.
        found: usize,
        /// Phones there should have been; `None` where GeeLark did not say.
        expected: Option<usize>,
    },
    /// The list does not end.
    Endless,
}

impl Reader {
    /// A reader that asks as fast as the budget allows, for now.
    pub(super) fn new(api: Option<ApiMetrics>) -> Self {
        Self {
            gap: Duration::ZERO,
            free_at: Instant::now(),
            api,
        }
    }

    /// From now on only a share of a budget that has a call every `spacing` is taken.
    pub(super) fn share(&mut self, spacing: Duration) {
        self.gap = spacing * SHARE;
    }

    /// Reads the phones that `filter` lets through. `keep` says what to keep of each; a phone of which it keeps nothing is
    /// nobody's business here.
    pub(super) async fn read<T: Transport, V>(
        &mut self,
        client: &Client<T>,
        filter: &Filter,
        mut keep: impl FnMut(ListedPhone) -> Option<(PhoneId, V)>,
    ) -> Result<Reading<V>, ListError> {
        let mut phones = BTreeMap::new();
        let (mut steady, mut total) = (true, None);
        let (mut entries, mut repeated) = (0, 0);
        for page in 1..=MAX_PAGES {
            let (trace_id, read) = self.page(client, filter, page).await?;
            check(page, &read, trace_id)?;
            if page > 1 {
                steady &= total == read.total;
            }
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
                return Err(ListError::Short {
                    page,
                    trace_id,
                    found,
                    expected: total,
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

    /// One page, asked for again where that may help.
    async fn page<T: Transport>(
        &mut self,
        client: &Client<T>,
        filter: &Filter,
        page: u32,
    ) -> Result<(Uuid, Page), ListError> {
        for attempt in 1.. {
            sleep_until(self.free_at).await;
            let call = client.phone_list(page, filter).await.map_err(ListError::Blocked)?;
            self.free_at = Instant::now() + self.gap;
            if let Some(api) = &self.api {
                api.count(&call);
            }
            let Call { trace_id, outcome, .. } = call;
            match outcome {
                Ok(read) => return Ok((trace_id, read)),
                Err(failure) if attempt < TRIES && failure.consequence() == Consequence::Retry => {
                    sleep(backoff::delay(attempt, fastrand::f64())).await;
                }
                Err(failure) => {
                    return Err(ListError::FailedPhone {
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

/// A page holds what is left of its total, or a hundred phones. An answer that has neither phones nor a total is none.
fn check(page: u32, read: &Page, trace_id: Uuid) -> Result<(), ListError> {
    let before = (page as usize - 1) * PAGE_SIZE;
    let expected = read.total.map(|total| total.saturating_sub(before).min(PAGE_SIZE));
    let is_short = match expected {
        Some(expected) => read.entries < expected,
        None => page == 1 && read.entries == 0,
    };
    if is_short {
        return Err(ListError::Short {
            page,
            trace_id,
            found: read.entries,
            expected,
        });
    }
    Ok(())
}

impl ListError {
    /// Whether reading again at once may help.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Short { .. })
    }

    /// Whether it is the account's, and so every listed_phones's.
    pub(super) fn is_general(&self) -> bool {
        match self {
            Self::Blocked(_) => true,
            Self::FailedPhone { failure, .. } => failure.consequence() == Consequence::Block,
            Self::Short { .. } | Self::Endless => false,
        }
    }
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blocked(_) => f.write_str("the account is closed for calls"),
            Self::FailedPhone {
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
                "the list is short: {found} phones up to its page {page}, where GeeLark's own count makes {expected} \
                 (traceId {trace_id})"
            ),
            Self::Short { page, trace_id, .. } => {
                write!(
                    f,
                    "page {page} of the list has neither phones nor a total (traceId {trace_id})"
                )
            }
            Self::Endless => write!(
                f,
                "the list has more than {MAX_PAGES} pages; check base_url, or filter by group"
            ),
        }
    }
}
