//! Lists that fail, are short or are implausible.

use super::*;

/// Lets the first refresh succeed and goes to the middle of the interval after it.
async fn settled(phones: usize) -> Fixture {
    let mut fixture = Fixture::start(&Upstream::of(phones));
    fixture.next().await;
    fixture.at(REFRESH / 2).await;
    fixture
}

/// A change of every response in the second refresh leaves the targets as they were and is counted as a failure. After it
/// discovery works again.
async fn keeps_the_targets(what: &str, twist: impl Fn(&mut Value) + Send + Sync + 'static) {
    let mut fixture = settled(243).await;
    fixture.upstream.twist(twist);
    fixture.at(REFRESH * 3 / 2).await;
    assert!(
        !fixture.targets.has_changed().unwrap(),
        "{what} changed the targets to {:?}",
        fixture.ids()
    );
    assert!(
        fixture.metric("geelark_discovery_failures_total") >= 1,
        "{what} was not counted"
    );
    assert_eq!(fixture.metric("geelark_discovery_phones"), 243);
    let last_success = fixture.metric("geelark_discovery_last_success_timestamp_seconds");
    assert!(last_success < 1_000_010, "{what}: {last_success}");
    fixture.upstream.untwist();
    fixture.upstream.change(|list| list.push(item(999)));
    assert_eq!(fixture.next().await, fixture.upstream.ids(), "after {what}");
    fixture.at(REFRESH * 4).await;
    assert!(fixture.metric("geelark_discovery_last_success_timestamp_seconds") > 1_000_600);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_fails_keeps_the_targets() {
    keeps_the_targets("an internal error", |envelope| *envelope = json!({"code": 50000})).await;
    keeps_the_targets("a refused filter", |envelope| *envelope = json!({"code": 40004})).await;
    keeps_the_targets("a lock", |envelope| *envelope = json!({"code": 40007})).await;
    keeps_the_targets("no data", |envelope| envelope["data"] = Value::Null).await;
    keeps_the_targets("data of another shape", |envelope| {
        envelope["data"]["items"] = json!("none");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_short_list_keeps_the_targets() {
    keeps_the_targets("half a page", |envelope| {
        envelope["data"]["items"].as_array_mut().unwrap().truncate(50);
    })
    .await;
    keeps_the_targets("no items", |envelope| envelope["data"]["items"] = Value::Null).await;
    keeps_the_targets("no items and no total", |envelope| {
        envelope["data"] = json!({"page": 1});
    })
    .await;
    keeps_the_targets("always the first page", |envelope| {
        let items: Vec<Value> = (0..100).map(|number| json!({"id": item(number).id})).collect();
        envelope["data"]["items"] = items.into();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_once_is_requested_again() {
    let upstream = Upstream::of(243);
    let first = Mutex::new(Some(()));
    upstream.twist(move |envelope| {
        if envelope["data"]["page"] == 2 && first.lock().unwrap().take().is_some() {
            *envelope = json!({"code": 50000});
        }
    });
    let mut fixture = Fixture::start(&upstream);
    assert_eq!(fixture.next().await, upstream.ids());
    assert_eq!(upstream.calls(), 4);
    assert_eq!(fixture.metric("geelark_discovery_failures_total"), 0);
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_removes_all_phones_when_a_second_reading_confirms_it() {
    let mut fixture = settled(3).await;
    fixture.upstream.before(0, Vec::clear);
    fixture.upstream.before(1, |list| list.extend((0..3).map(item)));
    fixture.at(REFRESH * 3 / 2).await;
    assert!(
        !fixture.targets.has_changed().unwrap(),
        "one reading emptied the targets"
    );
    fixture.upstream.change(Vec::clear);
    assert_eq!(fixture.next().await, [""; 0]);
    assert!(fixture.start.elapsed() < REFRESH * 2 + Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn configured_phones_do_not_wait_for_a_list_and_a_failed_first_list_is_soon_read_again() {
    let upstream = Upstream::of(3);
    upstream.twist(|envelope| *envelope = json!({"code": 40001}));
    let setting = Setting {
        configured: vec!["1".into()],
        ..Setting::default()
    };
    let mut fixture = Fixture::set(&upstream, setting, &Ownership::default(), "main");
    assert_eq!(fixture.next().await, ["1"]);
    assert_eq!(fixture.upstream.calls(), 0);
    fixture.at(Duration::from_secs(3)).await;
    assert_eq!(fixture.metric("geelark_discovery_failures_total"), 1);
    assert_eq!(fixture.metric("geelark_discovery_last_success_timestamp_seconds"), 0);
    upstream.untwist();
    assert_eq!(fixture.next().await.len(), 4);
    assert!(
        fixture.start.elapsed() < Duration::from_secs(10),
        "a failure is retried long before the next refresh"
    );
}

#[tokio::test(start_paused = true)]
async fn a_blocked_account_is_not_called_until_the_block_ends() {
    let upstream = Upstream::of(3);
    upstream.twist(|envelope| *envelope = json!({"code": 40014}));
    let mut fixture = Fixture::start(&upstream);
    assert_eq!(fixture.next().await, [""; 0]);
    upstream.untwist();
    fixture.targets.changed().await.unwrap();
    assert_eq!(fixture.ids(), upstream.ids());
    let waited = fixture.start.elapsed();
    assert!(
        waited >= Duration::from_hours(2) && waited < Duration::from_hours(2) + Duration::from_secs(5),
        "{waited:?}"
    );
    assert_eq!(upstream.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_fails_does_not_prevent_other_lists() {
    let upstream = Upstream::of(9);
    upstream.twist(|envelope| {
        if envelope["data"]["items"][0]["group"]["name"] == "farm-a" {
            *envelope = json!({"code": 40004});
        }
    });
    let setting = Setting {
        filters: vec![filter("farm-a"), filter("farm-b")],
        ..Setting::default()
    };
    let mut fixture = Fixture::set(&upstream, setting, &Ownership::default(), "main");
    assert_eq!(fixture.next().await.len(), 3);
    assert_eq!(fixture.metric("geelark_discovery_failures_total"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_list_without_a_total_is_read_to_its_last_page() {
    let upstream = Upstream::of(200);
    upstream.twist(|envelope| {
        envelope["data"].as_object_mut().unwrap().remove("total");
    });
    let mut fixture = Fixture::start(&upstream);
    assert_eq!(fixture.next().await, upstream.ids());
    assert_eq!(upstream.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn phones_that_the_filter_does_not_admit_are_left_out() {
    let upstream = Upstream::of(9);
    upstream.twist(|envelope| {
        let items = envelope["data"]["items"].as_array_mut().unwrap();
        items[0]["group"]["name"] = "farm-ab".into();
    });
    let setting = Setting {
        filters: vec![filter("farm-a")],
        ..Setting::default()
    };
    let mut fixture = Fixture::set(&upstream, setting, &Ownership::default(), "main");
    assert_eq!(fixture.next().await, [item(3).id, item(6).id]);
}

#[test]
fn an_implausible_page_is_reported_in_a_sentence() {
    let error = ListError::Implausible {
        page: 2,
        trace_id: uuid::Uuid::nil(),
        problem: "is short: 50 phones, where GeeLark's own total makes 100".to_owned(),
    };
    assert_eq!(
        error.to_string(),
        "page 2 of the list is short: 50 phones, where GeeLark's own total makes 100 \
         (traceId 00000000-0000-0000-0000-000000000000)"
    );
}
