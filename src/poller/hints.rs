//! What somebody said about phones, waiting for the poller to ask GeeLark whether it is true.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use geelark_client::phone::PhoneId;

/// A hint more than this is dropped: the round will see those phones anyway, and a flood must not grow memory.
const MOST: usize = 10_000;

/// Hints about the phones of one account. A cheap handle; a phone that is hinted at twice is asked about once.
#[derive(Clone, Debug, Default)]
pub struct Hints(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    waiting: Mutex<HashSet<PhoneId>>,
    some: Notify,
}

impl Hints {
    /// No hints.
    pub fn new() -> Self {
        Self::default()
    }

    /// These phones may have changed. Returns how many hints were taken; those beyond are dropped while too many wait.
    pub fn add(&self, ids: impl IntoIterator<Item = PhoneId>) -> usize {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = 0;
        for id in ids {
            if waiting.len() < MOST || waiting.contains(&id) {
                waiting.insert(id);
                taken += 1;
            }
        }
        if !waiting.is_empty() {
            self.0.some.notify_one();
        }
        taken
    }

    /// Waits until there are hints, and takes them all. Giving up the wait loses none.
    pub async fn take(&self) -> HashSet<PhoneId> {
        loop {
            let taken = std::mem::take(&mut *self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            if !taken.is_empty() {
                return taken;
            }
            self.0.some.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: std::ops::Range<usize>) -> impl Iterator<Item = PhoneId> {
        numbers.map(|number| PhoneId::from(number.to_string().as_str()))
    }

    #[tokio::test]
    async fn hints_about_one_phone_become_one() {
        let hints = Hints::new();
        hints.add(ids(0..2));
        hints.add(ids(1..3));
        assert_eq!(hints.take().await, ids(0..3).collect());
    }

    #[tokio::test]
    async fn a_waiting_reader_is_woken() {
        let hints = Hints::new();
        let reader = tokio::spawn({
            let hints = hints.clone();
            async move { hints.take().await }
        });
        tokio::task::yield_now().await;
        hints.add(ids(7..8));
        assert_eq!(reader.await.unwrap(), ids(7..8).collect());
    }

    #[tokio::test]
    async fn a_flood_is_dropped_beyond_the_bound() {
        let hints = Hints::new();
        assert_eq!(hints.add(ids(0..MOST + 5)), MOST);
        assert_eq!(hints.add(ids(0..1)), 1, "known ones are no burden");
        assert_eq!(hints.take().await.len(), MOST);
    }
}
