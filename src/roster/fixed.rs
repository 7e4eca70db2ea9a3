//! The roster of an account that does not discover: its configured phones, less those that another account has.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::book::Book;
use super::claims::{Claim, LETTING_GO};
use super::journal::Journal;
use crate::phone::{Member, PhoneId};

/// Watches over the configured phones of one account: an account before it may discover one of them, or lose it again.
#[derive(Debug)]
pub struct Fixed {
    book: Book,
    journal: Journal,
    roster: watch::Sender<Arc<[Member]>>,
}

impl Fixed {
    /// The configured phones are claimed at once. The receiver sees the roster as changed from the start.
    pub fn new(account: Arc<str>, configured: Vec<PhoneId>, claim: Claim) -> (Self, watch::Receiver<Arc<[Member]>>) {
        claim.introduce(account.clone());
        let book = Book::new(configured, Vec::new(), claim);
        let mut journal = Journal::new(account);
        let (roster, mut receiver) = watch::channel(book.roster(&mut journal));
        receiver.mark_changed();
        let fixed = Self { book, journal, roster };
        (fixed, receiver)
    }

    /// Hands over what other accounts are to have and takes what has become free, until told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        while stop.run_until_cancelled(sleep(LETTING_GO)).await.is_some() {
            if self.book.claim.is_unsettled(Instant::now().into_std()) {
                let roster = self.book.roster(&mut self.journal);
                self.roster.send_if_modified(|known| {
                    let is_other = *known != roster;
                    *known = roster;
                    is_other
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::claims::Claims;
    use super::*;

    fn ids(receiver: &mut watch::Receiver<Arc<[Member]>>) -> Vec<String> {
        let roster = receiver.borrow_and_update();
        roster.iter().map(|member| member.id.to_string()).collect()
    }

    /// Paused time flies: without an end to it, a change that never comes would be waited for eternally.
    async fn changed(receiver: &mut watch::Receiver<Arc<[Member]>>) {
        let minute = Duration::from_mins(1);
        tokio::time::timeout(minute, receiver.changed()).await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_phone_goes_to_an_account_before_and_comes_back_when_that_one_lets_go() {
        let claims = Claims::new();
        let before = claims.account(0);
        before.introduce("before".into());
        let configured = ["a", "b"].map(PhoneId::from);
        let (fixed, mut receiver) = Fixed::new("after".into(), configured.to_vec(), claims.account(1));
        assert!(receiver.has_changed().unwrap(), "so that the first round begins");
        assert_eq!(ids(&mut receiver), ["a", "b"]);
        let stop = CancellationToken::new();
        let task = tokio::spawn(fixed.run(stop.clone()));

        let wanted = [PhoneId::from("b")];
        let settle = || before.settle(&wanted, Instant::now().into_std()).own.len();
        assert_eq!(settle(), 0, "it is taken over in two steps");
        changed(&mut receiver).await;
        assert_eq!(ids(&mut receiver), ["a"]);
        sleep(2 * LETTING_GO).await;
        assert_eq!(settle(), 1);

        before.settle([], Instant::now().into_std());
        changed(&mut receiver).await;
        assert_eq!(ids(&mut receiver), ["a", "b"]);
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(1), task)
            .await
            .unwrap()
            .unwrap();
    }
}
