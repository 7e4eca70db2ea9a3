//! Reading one list of phones once, from its first page to its last.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use crate::backoff;
use crate::metrics::CallMetrics;
use geelark_client::phone::PhoneId;
use geelark_client::{Blocked, Client, Consequence, Failure, ListFilter, ListedPhone, PAGE_SIZE, Page, Transport};

/// How often one page is requested before the list is given up.
const TRIES: u32 = 3;

/// The longest list that is read: a million phones, ten times the largest expected fleet.
const MAX_PAGES: u32 = 10_000;

/// A phone that is created while pages are read moves the others down, so that one comes twice. If more than this many
/// come twice for each page, the server ignores the page number.
const MOVED_A_PAGE: usize = 10;

/// After the first listing, discovery leaves three quarters of the budget to polling.
const SHARE: u32 = 4;

/// Reads lists, a page at a time.
pub(super) struct ListReader<'a, T> {
    client: &'a Client<T>,
    calls: Option<CallMetrics>,
    /// The shortest time between two pages.
    gap: Duration,
    /// When the next page may be requested.
    free_at: Instant,
}

/// What one reading of one list found.
#[derive(Debug)]
pub(super) struct ListReading<V> {
    pub(super) phones: BTreeMap<PhoneId, V>,
    /// No sign of phones added or removed meanwhile: every page had the same total, and no phone came twice.
    pub(super) steady: bool,
    /// The list was one page, which said how many phones there are.
    pub(super) one_page: bool,
}

/// Why a list could not be read. Displays as a sentence for the log.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The account is blocked.
    #[error("the account is blocked")]
    Blocked(Blocked),
    /// A page, from 1, was not answered.
    #[error("page {page} of the list: {} (reason {}, traceId {trace_id})", failure.message, failure.reason)]
    #[expect(missing_docs, reason = "the message says what the fields are")]
    Failed {
        page: u32,
        trace_id: Uuid,
        failure: Failure,
    },
    /// A page, from 1, cannot be a part of the whole list.
    #[error("page {page} of the list {problem} (traceId {trace_id})")]
    #[expect(missing_docs, reason = "the message says what the fields are")]
    Implausible { page: u32, trace_id: Uuid, problem: String },
    /// The list does not end.
    #[error("the list has more than {MAX_PAGES} pages; check base_url, or filter by group")]
    Endless,
}

impl<'a, T: Transport> ListReader<'a, T> {
    /// A reader that reads as fast as the budget allows, for now.
    pub(super) fn new(client: &'a Client<T>, calls: Option<CallMetrics>) -> Self {
        Self {
            client,
            calls,
            gap: Duration::ZERO,
            free_at: Instant::now(),
        }
    }

    /// Takes only a share of the budget from now on.
    pub(super) fn slow_down(&mut self) {
        self.gap = self.client.budget().limits().spacing() * SHARE;
    }

    /// Reads the phones that `filter` admits. `keep` returns what to keep of each, or `None` to skip it.
    pub(super) async fn read<V>(
        &mut self,
        filter: &ListFilter,
        mut keep: impl FnMut(ListedPhone) -> Option<(PhoneId, V)>,
    ) -> Result<ListReading<V>, ListError> {
        let mut phones = BTreeMap::new();
        let (mut steady, mut total, mut repeated) = (true, None, 0);
        for page in 1..=MAX_PAGES {
            let (trace_id, read) = self.page(filter, page).await?;
            let before = (page as usize - 1) * PAGE_SIZE;
            let mut problem = problem(&read, before);
            steady &= page == 1 || total == read.total;
            total = read.total;
            let admitted = read.phones.into_iter().filter(|phone| filter.admits(phone));
            for (id, kept) in admitted.filter_map(&mut keep) {
                repeated += usize::from(phones.insert(id, kept).is_some());
            }
            if page > 1 && repeated > (page as usize - 1) * MOVED_A_PAGE {
                problem = Some(format!("repeats earlier pages: {repeated} phones came twice"));
            }
            if let Some(problem) = problem {
                return Err(ListError::Implausible {
                    page,
                    trace_id,
                    problem,
                });
            }
            let is_last = match total {
                Some(total) => before + PAGE_SIZE >= total,
                None => read.entries < PAGE_SIZE,
            };
            if is_last {
                return Ok(ListReading {
                    phones,
                    steady: steady && repeated == 0,
                    one_page: page == 1 && total.is_some(),
                });
            }
        }
        Err(ListError::Endless)
    }

    /// One page, requested again where that may help.
    async fn page(&mut self, filter: &ListFilter, page: u32) -> Result<(Uuid, Page), ListError> {
        let mut attempt = 1;
        loop {
            sleep_until(self.free_at).await;
            let call = self.client.phone_list(page, filter).await.map_err(ListError::Blocked)?;
            self.free_at = Instant::now() + self.gap;
            if let Some(calls) = &self.calls {
                calls.count(&call);
            }
            let trace_id = call.trace_id;
            match call.outcome {
                Ok(read) => return Ok((trace_id, read)),
                Err(failure) if attempt < TRIES && failure.consequence() == Consequence::Retry => {
                    sleep(backoff::delay(attempt, fastrand::f64())).await;
                    attempt += 1;
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
    }
}

/// Why a page after `before` phones is implausible: it must hold the rest of its total, or a hundred phones.
fn problem(page: &Page, before: usize) -> Option<String> {
    match page.total.map(|total| total.saturating_sub(before).min(PAGE_SIZE)) {
        Some(expected) if page.entries < expected => {
            let found = page.entries;
            Some(format!(
                "is short: {found} phones, where GeeLark's own total makes {expected}"
            ))
        }
        None if before == 0 && page.entries == 0 => Some("has neither phones nor a total".to_owned()),
        _ => None,
    }
}

impl ListError {
    /// Whether reading the list again at once may help.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Implausible { .. })
    }

    /// Whether it concerns the account, and so every list.
    pub(super) fn concerns_account(&self) -> bool {
        match self {
            Self::Blocked(_) => true,
            Self::Failed { failure, .. } => matches!(failure.consequence(), Consequence::Block(_)),
            Self::Implausible { .. } | Self::Endless => false,
        }
    }
}
