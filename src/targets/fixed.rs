//! The targets of an account that does not discover: its configured phones, less those that another account has.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::book::Book;
use super::discovery_log::DiscoveryLog;
use super::ownership::{LETTING_GO, OwnershipHandle};
use geelark_client::phone::{PhoneId, Target};

/// Watches over the configured phones of one account: an account before it may discover one of them, or lose it again.
#[derive(Debug)]
pub struct Fixed {
    book: Book,
    discovery_log: DiscoveryLog,
    targets: watch::Sender<Arc<[Target]>>,
}

impl Fixed {
    /// The configured phones are claimed at once. The receiver sees the targets as changed from the start.
    pub fn new(
        account: Arc<str>,
        configured: Vec<PhoneId>,
        claim: OwnershipHandle,
    ) -> (Self, watch::Receiver<Arc<[Target]>>) {
        claim.introduce(account.clone());
        let book = Book::new(configured, Vec::new(), claim);
        let mut discovery_log = DiscoveryLog::new(account);
        let (targets, mut receiver) = watch::channel(book.targets(&mut discovery_log));
        receiver.mark_changed();
        let fixed = Self {
            book,
            discovery_log,
            targets,
        };
        (fixed, receiver)
    }

    /// Hands over what other accounts are to have and takes what has become free, until told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        while stop.run_until_cancelled(sleep(LETTING_GO)).await.is_some() {
            if self.book.claim.is_unsettled(Instant::now().into_std()) {
                let targets = self.book.targets(&mut self.discovery_log);
                self.targets.send_if_modified(|known| {
                    let is_other = *known != targets;
                    *known = targets;
                    is_other
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::ownership::Ownership;
    use super::*;

    fn ids(receiver: &mut watch::Receiver<Arc<[Target]>>) -> Vec<String> {
        let targets = receiver.borrow_and_update();
        targets.iter().map(|member| member.id.to_string()).collect()
    }

    /// Paused time flies: without an end to it, a change that never comes would be waited for eternally.
    async fn changed(receiver: &mut watch::Receiver<Arc<[Target]>>) {
        let minute = Duration::from_mins(1);
        tokio::time::timeout(minute, receiver.changed()).await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_phone_goes_to_an_account_before_and_comes_back_when_that_one_lets_go() {
        let ownership = Ownership::new();
        let before = ownership.account(0);
        before.introduce("before".into());
        let configured = ["a", "b"].map(PhoneId::from);
        let (fixed, mut receiver) = Fixed::new("after".into(), configured.to_vec(), ownership.account(1));
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
