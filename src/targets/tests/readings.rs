//! Which phones are found, also while the list changes during a reading.

use proptest::prelude::*;

use super::*;

#[tokio::test(start_paused = true)]
async fn every_phone_of_three_pages_is_found_and_confirmed_by_a_second_reading() {
    let mut fixture = Fixture::start(&Upstream::of(243));
    assert!(!fixture.targets.has_changed().unwrap() && fixture.ids().is_empty());
    assert_eq!(fixture.next().await, fixture.upstream.ids());
    assert_eq!(fixture.upstream.calls(), 3);
    fixture.at(REFRESH / 2).await;
    assert_eq!(fixture.upstream.calls(), 6);
    assert!(
        !fixture.targets.has_changed().unwrap(),
        "the confirmation changes nothing"
    );
    fixture.at(REFRESH * 3 / 2).await;
    assert_eq!(
        fixture.upstream.calls(),
        9,
        "a list that did not change needs no second reading"
    );
    assert!(!fixture.targets.has_changed().unwrap());
    assert_eq!(fixture.metric("geelark_discovery_phones"), 243);
    assert_eq!(fixture.metric("geelark_discovery_failures_total"), 0);
    assert!(fixture.metric("geelark_discovery_last_success_timestamp_seconds") >= 1_000_600);
}

#[tokio::test(start_paused = true)]
async fn the_phones_of_all_groups_are_found() {
    let two = PhoneFilter {
        groups: vec!["farm-a".into(), "farm-c".into()],
        ..PhoneFilter::default()
    };
    let monthly = PhoneFilter {
        charge_mode: Some(ChargeMode::MONTHLY),
        ..PhoneFilter::default()
    };
    for (filters, expected) in [
        (vec![filter("farm-b")], 81),
        (vec![two.clone()], 162),
        (vec![two, monthly], 203),
    ] {
        let setting = Setting {
            filters,
            ..Setting::default()
        };
        let mut fixture = Fixture::set(&Upstream::of(243), setting, &Ownership::default(), "main");
        assert_eq!(fixture.next().await.len(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn configured_phones_come_first_and_have_the_details_that_discovery_found() {
    let setting = Setting {
        configured: vec!["zz".into(), "000002".into()],
        ..Setting::default()
    };
    let mut fixture = Fixture::set(&Upstream::of(4), setting, &Ownership::default(), "main");
    assert_eq!(
        fixture.next().await,
        ["zz", "000002"],
        "at once, before any list is read"
    );
    assert_eq!(fixture.next().await, ["zz", "000002", "000000", "000001", "000003"]);
    let targets = fixture.targets.borrow().clone();
    assert_eq!(targets[0].details, None);
    let details = targets[1].details.as_ref().unwrap();
    assert_eq!(
        (details.group.as_deref(), details.charge_mode),
        (Some("farm-c"), Some(ChargeMode::PER_MINUTE))
    );
}

#[tokio::test(start_paused = true)]
async fn a_shard_watches_only_its_phones() {
    let all = Upstream::of(243);
    let mut found = Vec::new();
    for shard in 0..2 {
        let setting = Setting {
            shard: Shard::new(shard, 2).unwrap(),
            ..Setting::default()
        };
        found.extend(Fixture::set(&all, setting, &Ownership::default(), "main").next().await);
    }
    found.sort_unstable();
    assert_eq!(found, all.ids());
}

#[tokio::test(start_paused = true)]
async fn new_and_removed_phones_are_found_at_the_next_refresh() {
    let mut fixture = Fixture::start(&Upstream::of(150));
    fixture.next().await;
    fixture.at(REFRESH / 2).await;
    fixture.upstream.change(|list| {
        list.remove(7);
        list.push(item(999));
    });
    assert!(
        fixture.next().await.contains(&item(999).id),
        "a new phone is watched at once"
    );
    assert_eq!(
        fixture.next().await,
        fixture.upstream.ids(),
        "a removed phone is dropped when that is confirmed"
    );
    assert!(fixture.start.elapsed() < REFRESH + Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_hint_causes_an_early_refresh_and_many_hints_cause_few() {
    let upstream = Upstream::of(3);
    let mut fixture = Fixture::start(&upstream);
    fixture.next().await;
    fixture.at(Duration::from_mins(2)).await;
    upstream.change(|list| list.push(item(3)));
    fixture.hints.notify_one();
    let heard = Instant::now();
    assert_eq!(fixture.next().await, upstream.ids());
    assert!(heard.elapsed() < Duration::from_secs(2), "{:?}", heard.elapsed());

    let before = upstream.calls();
    for _ in 0..600 {
        fixture.hints.notify_one();
        sleep(Duration::from_millis(100)).await;
    }
    let refreshes = upstream.calls() - before;
    assert!((1..=2).contains(&refreshes), "{refreshes} refreshes in a minute");
}

/// A phone of the first page is removed before the second is read, so the 101st phone is on neither.
#[tokio::test(start_paused = true)]
async fn a_phone_that_moves_to_a_page_that_was_read_is_not_lost() {
    for comes_another in [false, true] {
        let mut fixture = Fixture::start(&Upstream::of(243));
        fixture.next().await;
        fixture.at(REFRESH / 2).await;
        fixture.upstream.before(1, move |list| {
            list.remove(50);
            if comes_another {
                list.push(item(999)); // and the total says nothing
            }
        });
        while fixture.ids().contains(&item(50).id) {
            let targets = fixture.next().await;
            assert!(targets.contains(&item(100).id), "the phone that moved was dropped");
        }
        assert_eq!(fixture.ids(), fixture.upstream.ids());
        assert!(fixture.start.elapsed() < REFRESH + Duration::from_secs(30));
    }
}

#[tokio::test(start_paused = true)]
async fn a_phone_that_the_first_reading_misses_is_found_by_the_second() {
    let upstream = Upstream::of(243);
    upstream.before(1, |list| {
        list.remove(50);
        list.push(item(999));
    });
    let mut fixture = Fixture::start(&upstream);
    assert!(!fixture.next().await.contains(&item(100).id));
    assert!(fixture.next().await.contains(&item(100).id));
    assert!(fixture.start.elapsed() < Duration::from_secs(10));
    assert_eq!(
        fixture.next().await,
        fixture.upstream.ids(),
        "two readings miss the removed phone"
    );
}

#[tokio::test(start_paused = true)]
async fn a_phone_that_is_listed_twice_is_one_target() {
    let upstream = Upstream::of(150);
    upstream.before(1, |list| list.insert(0, item(999)));
    let mut fixture = Fixture::start(&upstream);
    assert_eq!(fixture.next().await.len(), 150);
    assert_eq!(fixture.next().await, fixture.upstream.ids());
}

#[tokio::test(start_paused = true)]
async fn a_large_fleet_is_found_with_the_whole_budget_and_refreshed_with_a_quarter_of_it() {
    let setting = Setting {
        requests_per_minute: 100,
        ..Setting::default()
    };
    let mut fixture = Fixture::set(&Upstream::of(20_000), setting, &Ownership::default(), "main");
    assert_eq!(fixture.next().await, fixture.upstream.ids());
    let first = fixture.start.elapsed();
    assert!(
        first < Duration::from_secs(125),
        "200 pages at 100 a minute took {first:?}"
    );
    fixture.at(Duration::from_mins(25)).await;
    let times = fixture.upstream.times();
    let busiest = |after: Duration| {
        let times: Vec<_> = times.iter().filter(|at| **at - fixture.start >= after).collect();
        let within = |start: &Instant| {
            times
                .iter()
                .filter(|at| ***at >= *start && ***at - *start < Duration::from_mins(1))
                .count()
        };
        times.iter().map(|at| within(at)).max().unwrap()
    };
    assert!(busiest(Duration::ZERO) <= 100);
    assert!(
        busiest(Duration::from_mins(4)) <= 26,
        "{}",
        busiest(Duration::from_mins(4))
    );
    assert!(!fixture.targets.has_changed().unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Phones are added and removed between pages. In the end the targets are those of the list, each once.
    #[test]
    fn after_any_changes_the_targets_become_the_list(
        size in 0..350_usize,
        changes in prop::collection::vec((0..12_usize, any::<prop::sample::Index>(), any::<bool>()), 0..12)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let upstream = Upstream::of(size);
            for (number, (nth, at, is_new)) in changes.into_iter().enumerate() {
                upstream.before(nth, move |list| {
                    if is_new {
                        list.insert(at.index(list.len() + 1), item(1000 + number));
                    } else if !list.is_empty() {
                        list.remove(at.index(list.len()));
                    }
                });
            }
            let fixture = Fixture::start(&upstream);
            // Each refresh makes at least one call. So all changes are over in the twelfth, and the next one shows the list.
            fixture.at(REFRESH * 27 / 2).await;
            let mut targets = fixture.ids();
            assert_eq!(targets, upstream.ids());
            targets.dedup();
            assert_eq!(targets.len(), upstream.ids().len());
        });
    }
}
