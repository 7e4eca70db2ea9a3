//! Accounts that publish what they want, and pollers that acknowledge what they show.

use proptest::prelude::*;

use super::*;
use geelark_client::phone::PhoneId;

/// Accounts in the order of the configuration, and what the poller of each shows.
struct Accounts {
    ownership: Ownership,
    handles: Vec<Arc<OwnershipHandle>>,
    pollers: Vec<watch::Receiver<Arc<[Target]>>>,
    shown: Vec<HashSet<PhoneId>>,
}

fn targets(ids: &[&str]) -> Arc<[Target]> {
    ids.iter().map(|id| Target::from(PhoneId::from(*id))).collect()
}

impl Accounts {
    fn new(names: &[&str]) -> Self {
        let ownership = Ownership::default();
        let names: Vec<Arc<str>> = names.iter().map(|name| (*name).into()).collect();
        let handles: Vec<_> = names.iter().map(|name| ownership.account(name)).collect();
        ownership.set_order(&names);
        Self {
            pollers: handles.iter().map(|handle| handle.subscribe()).collect(),
            shown: vec![HashSet::new(); names.len()],
            handles,
            ownership,
        }
    }

    fn publish(&self, account: usize, ids: &[&str]) {
        self.handles[account].publish(targets(ids));
    }

    /// The poller shows what is granted, and acknowledges it.
    fn poll(&mut self, account: usize) -> Vec<String> {
        let granted = self.pollers[account].borrow_and_update().clone();
        self.shown[account] = granted.iter().map(|target| target.id.clone()).collect();
        self.handles[account].acknowledge(&granted);
        granted.iter().map(|target| target.id.to_string()).collect()
    }

    fn elsewhere(&self, account: usize) -> Vec<String> {
        let mut table = self.ownership.0.lock();
        let account = table.account(self.handles[account].key).unwrap();
        account.elsewhere.keys().map(ToString::to_string).collect()
    }
}

#[test]
fn the_first_account_owns_an_id_and_the_other_knows_its_name() {
    let mut accounts = Accounts::new(&["main", "spare"]);
    accounts.publish(0, &["1", "2"]);
    accounts.publish(1, &["2", "3"]);
    assert_eq!(
        (accounts.poll(0), accounts.poll(1)),
        (vec!["1".into(), "2".into()], vec!["3".to_owned()])
    );
    assert_eq!(accounts.elsewhere(1), ["main"]);
}

#[test]
fn an_earlier_account_is_granted_an_id_when_the_other_does_not_show_it_any_more() {
    let mut accounts = Accounts::new(&["a", "b", "c"]);
    accounts.publish(1, &["1"]);
    assert_eq!(accounts.poll(1), ["1"]);
    accounts.publish(0, &["1"]);
    assert_eq!(accounts.poll(0), [""; 0], "b still shows it");
    assert_eq!(accounts.poll(1), [""; 0]);
    assert_eq!(accounts.poll(0), ["1"]);
    accounts.publish(2, &["1"]);
    assert_eq!(accounts.poll(2), [""; 0]);
}

#[test]
fn an_id_stays_when_the_earlier_account_no_longer_wants_it() {
    let mut accounts = Accounts::new(&["a", "b"]);
    accounts.publish(1, &["1"]);
    accounts.poll(1);
    accounts.publish(0, &["1"]);
    accounts.publish(0, &[]);
    accounts.publish(1, &["1"]);
    assert_eq!((accounts.poll(0), accounts.poll(1)), (vec![], vec!["1".to_owned()]));
}

#[test]
fn the_next_account_is_granted_what_the_first_does_not_want_any_more() {
    let mut accounts = Accounts::new(&["a", "b", "c"]);
    for account in 0..3 {
        accounts.publish(account, &["1"]);
    }
    assert_eq!(accounts.poll(0), ["1"]);
    accounts.publish(0, &[]);
    assert_eq!(accounts.poll(1), [""; 0], "a still shows it");
    assert_eq!(accounts.poll(0), [""; 0]);
    assert_eq!((accounts.poll(1), accounts.poll(2)), (vec!["1".to_owned()], vec![]));
}

#[test]
fn the_ids_of_a_removed_account_are_free() {
    let mut accounts = Accounts::new(&["a", "b"]);
    accounts.publish(0, &["1"]);
    accounts.publish(1, &["1"]);
    accounts.poll(0);
    drop((accounts.handles.remove(0), accounts.pollers.remove(0)));
    assert_eq!(accounts.poll(0), ["1"]);
}

#[test]
fn another_order_moves_only_ids_that_both_accounts_list() {
    let mut accounts = Accounts::new(&["a", "b"]);
    accounts.publish(0, &["1", "2"]);
    accounts.publish(1, &["2", "3"]);
    accounts.poll(0);
    accounts.poll(1);
    accounts.ownership.set_order(&["b".into(), "a".into()]);
    assert_eq!(accounts.poll(0), ["1"]);
    assert_eq!(accounts.poll(1), ["2", "3"]);
}

#[test]
fn an_acknowledgement_of_an_older_set_frees_nothing() {
    let mut accounts = Accounts::new(&["a", "b"]);
    accounts.publish(1, &["1"]);
    let older = accounts.pollers[1].borrow_and_update().clone();
    accounts.publish(0, &["1"]);
    accounts.handles[1].acknowledge(&older);
    assert_eq!(accounts.poll(0), [""; 0]);
}

proptest! {
    #[test]
    fn no_id_is_ever_shown_for_two_accounts_and_in_the_end_the_first_has_it(
        steps in prop::collection::vec((0..3_usize, prop::option::of(prop::collection::hash_set(0..6_u8, 0..6))), 0..60)
    ) {
        let mut accounts = Accounts::new(&["a", "b", "c"]);
        let mut wanted: [HashSet<String>; 3] = Default::default();
        let end = (0..9).map(|step| (step % 3, None));
        for (account, ids) in steps.into_iter().chain(end) {
            if let Some(ids) = ids {
                wanted[account] = ids.iter().map(u8::to_string).collect();
                let ids: Vec<&str> = wanted[account].iter().map(String::as_str).collect();
                accounts.publish(account, &ids);
            } else {
                accounts.poll(account);
            }
            for (one, other) in [(0, 1), (0, 2), (1, 2)] {
                prop_assert!(accounts.shown[one].is_disjoint(&accounts.shown[other]), "{:?}", accounts.shown);
            }
        }
        for id in wanted.iter().flatten() {
            let first = wanted.iter().position(|wanted| wanted.contains(id));
            let owner = accounts.shown.iter().position(|shown| shown.contains(id.as_str()));
            prop_assert_eq!(first, owner, "{}", id);
        }
    }
}
