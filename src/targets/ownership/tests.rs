//! Accounts that claim, wish and let go.

use proptest::prelude::*;

use super::*;

fn ids<const N: usize>(ids: [&str; N]) -> HashSet<PhoneId> {
    ids.map(PhoneId::from).into()
}

/// Accounts that settle at will, and what each shows.
struct Accounts {
    pens: Vec<OwnershipHandle>,
    now: Instant,
}

impl Accounts {
    fn new(count: usize) -> Self {
        let ownership = Ownership::new();
        Self {
            pens: (0..count).map(|rank| ownership.account(rank)).collect(),
            now: Instant::now(),
        }
    }

    fn settle<const N: usize>(&self, rank: usize, wanted: [&str; N]) -> HashSet<PhoneId> {
        self.pens[rank].settle(&ids(wanted), self.now).own
    }

    fn wait(&mut self) {
        self.now += LETTING_GO;
    }
}

#[test]
fn whoever_comes_first_has_it_and_the_other_learns_from_whom() {
    let accounts = Accounts::new(2);
    accounts.pens[0].introduce("main".into());
    assert_eq!(accounts.settle(0, ["1", "2"]), ids(["1", "2"]));
    let settled = accounts.pens[1].settle(&ids(["2", "3"]), accounts.now);
    assert_eq!(settled.own, ids(["3"]));
    assert_eq!(settled.others, [("main".into(), ["2".into()].into())].into());
    assert!(!accounts.pens[0].is_unsettled(accounts.now) && !accounts.pens[1].is_unsettled(accounts.now));
}

#[test]
fn a_better_ranked_account_gets_what_it_wishes_once_the_other_has_let_go() {
    let mut accounts = Accounts::new(3);
    assert_eq!(accounts.settle(1, ["1"]), ids(["1"]));
    assert_eq!(accounts.settle(0, ["1"]), ids([]));
    assert!(accounts.pens[1].is_unsettled(accounts.now), "somebody waits");
    assert_eq!(accounts.settle(1, ["1"]), ids([]));
    assert_eq!(accounts.settle(0, ["1"]), ids([]), "it may still be shown");
    assert!(!accounts.pens[0].is_unsettled(accounts.now) && !accounts.pens[1].is_unsettled(accounts.now));
    accounts.wait();
    assert_eq!(accounts.settle(2, ["1"]), ids([]), "it is reserved");
    assert!(accounts.pens[0].is_unsettled(accounts.now), "it is free");
    assert_eq!(accounts.settle(0, ["1"]), ids(["1"]));
    assert!(accounts.pens.iter().all(|pen| !pen.is_unsettled(accounts.now)));
}

#[test]
fn a_wish_that_is_withdrawn_leaves_the_id_where_it_is() {
    let mut accounts = Accounts::new(2);
    accounts.settle(1, ["1"]);
    accounts.settle(0, ["1"]);
    accounts.settle(0, []);
    assert_eq!(accounts.settle(1, ["1"]), ids(["1"]));
    accounts.settle(0, ["1"]);
    assert_eq!(accounts.settle(1, ["1"]), ids([]));
    accounts.settle(0, []);
    assert_eq!(accounts.settle(1, ["1"]), ids(["1"]), "not yet let go, so taken back");
    accounts.wait();
    assert_eq!(accounts.settle(1, ["1"]), ids(["1"]));
}

#[test]
fn an_account_further_down_takes_what_the_first_does_not_want_any_more() {
    let mut accounts = Accounts::new(3);
    accounts.settle(0, ["1"]);
    assert_eq!(
        (accounts.settle(2, ["1"]), accounts.settle(1, ["1"])),
        (ids([]), ids([]))
    );
    accounts.settle(0, []);
    assert!(!accounts.pens[1].is_unsettled(accounts.now), "it may still be shown");
    accounts.wait();
    assert!(accounts.pens[1].is_unsettled(accounts.now) && !accounts.pens[2].is_unsettled(accounts.now));
    assert_eq!(accounts.settle(1, ["1"]), ids(["1"]));
    assert_eq!(accounts.settle(2, ["1"]), ids([]));
}

#[test]
fn what_an_account_leaves_behind_is_free() {
    let mut accounts = Accounts::new(2);
    accounts.settle(0, ["1", "2"]);
    let heir = accounts.pens[0].ownership.account(0);
    accounts.settle(1, ["1"]);
    drop(accounts.pens.remove(0));
    assert_eq!(accounts.settle(0, ["1"]), ids([]), "the heir of rank 0 holds it on");
    assert_eq!(heir.settle(&ids(["1"]), accounts.now).own, ids(["1"]));
    drop(heir);
    assert_eq!(accounts.settle(0, ["1"]), ids(["1"]));
}

#[test]
fn another_order_of_the_accounts_takes_nothing_from_anybody() {
    let accounts = Accounts::new(2);
    let ownership = accounts.pens[0].ownership.clone();
    for (pen, name) in accounts.pens.iter().zip(["a", "b"]) {
        pen.introduce(name.into());
    }
    accounts.settle(0, ["1"]);
    accounts.settle(1, ["2"]);
    ownership.reorder(&["new", "b", "a"].map(Arc::from));
    let new = ownership.account(0);
    assert_eq!(new.settle(&ids(["3"]), accounts.now).own, ids(["3"]));
    assert_eq!(accounts.settle(0, ["1"]), ids(["1"]));
    assert_eq!(accounts.settle(1, ["2"]), ids(["2"]));
    assert_eq!(accounts.settle(1, ["1", "2"]), ids(["2"]));
    assert!(accounts.pens[0].is_unsettled(accounts.now), "b comes before a now");
    drop(new);
    assert_eq!(
        accounts.settle(0, ["1", "3"]),
        ids(["3"]),
        "what the new one held is free"
    );
}

proptest! {
    /// An account shows what it had at its last settle, and for a moment after it what it had before.
    #[test]
    fn no_id_is_ever_shown_by_two_and_in_the_end_the_first_has_it(
        steps in prop::collection::vec((0..3_usize, prop::collection::hash_set(0..6_u8, 0..6), 0..4_u32), 0..60)
    ) {
        let accounts = Accounts::new(3);
        let mut now = accounts.now;
        let mut shown: [Vec<(Instant, HashSet<PhoneId>)>; 3] = Default::default();
        let mut wanted: [HashSet<PhoneId>; 3] = Default::default();
        let last: Vec<_> = (0..4).flat_map(|_| 0..3).map(|rank| (rank, None, LETTING_GO)).collect();
        let steps = steps.into_iter().map(|(rank, wanted, pause)| (rank, Some(wanted), LETTING_GO * pause / 2));
        for (rank, wish, pause) in steps.chain(last) {
            now += pause;
            if wish.is_none() && !accounts.pens[rank].is_unsettled(now) {
                continue;
            }
            if let Some(wish) = wish {
                wanted[rank] = wish.into_iter().map(|id| PhoneId::from(id.to_string().as_str())).collect();
            }
            let own = accounts.pens[rank].settle(&wanted[rank], now).own;
            shown[rank].push((now, own));
            let showing = |rank: usize| -> HashSet<&PhoneId> {
                let log = &shown[rank];
                let before = log.iter().zip(log.iter().skip(1))
                    .filter(|(_, (replaced, _))| now < *replaced + LETTING_GO)
                    .map(|((_, own), _)| own);
                log.last().map(|(_, own)| own).into_iter().chain(before).flatten().collect()
            };
            for (a, b) in [(0, 1), (0, 2), (1, 2)] {
                prop_assert!(showing(a).is_disjoint(&showing(b)), "{a} and {b}: {shown:?}");
            }
        }
        for id in wanted.iter().flatten() {
            let first = wanted.iter().position(|wanted| wanted.contains(id));
            let holder = shown.iter().position(|log| log.last().is_some_and(|(_, own)| own.contains(id)));
            prop_assert_eq!(first, holder, "{}", id);
        }
    }
}
