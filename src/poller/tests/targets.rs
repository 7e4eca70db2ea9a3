//! What new targets and a new poller change.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_new_poller_keeps_what_the_previous_one_knew_and_the_budget() {
    let upstream = Upstream::healthy();
    let first = Fixture::start(upstream.clone(), 1200, 60, MINUTE);
    sleep(Duration::from_secs(40)).await;
    let budget = first.budget.clone();
    let known = first.end().await;
    assert_eq!(known.lock().view(0).phones[0].label_name(), "phone 000000000000000000");
    let second = Fixture::start_with(upstream.clone(), &ids(1200), budget, Duration::from_secs(1));
    sleep(3 * MINUTE).await;
    assert!(upstream.busiest_minute() <= 60);
    second.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_account_without_phones_makes_no_call_and_is_up() {
    let fixture = Fixture::start(Upstream::healthy(), 0, 100, MINUTE);
    sleep(5 * MINUTE).await;
    assert!(fixture.upstream.times().is_empty());
    assert_eq!(fixture.value("geelark_up{account=\"main\"}"), "1");
}

#[tokio::test(start_paused = true)]
async fn new_targets_do_not_change_phones_that_stay() {
    let fixture = Fixture::start(Upstream::healthy(), 150, 100, MINUTE);
    sleep(Duration::from_secs(10)).await;
    let since = fixture.value(
        "phone_status_since_timestamp_seconds{id=\"000000000000000149\",serial_name=\"phone 000000000000000149\"}",
    );
    let mut others = ids(151);
    others.remove(0);
    fixture.ownership.publish(targets(&others));
    sleep(Duration::from_secs(3)).await;
    assert_eq!(fixture.count("phone_status"), 150, "the new phone is requested at once");
    assert_eq!(fixture.count("phone_info"), 150);
    assert!(
        !fixture.text().contains("000000000000000000"),
        "the phone that left is hidden"
    );
    assert_eq!(
        fixture.value(
            "phone_status_since_timestamp_seconds{id=\"000000000000000149\",serial_name=\"phone 000000000000000149\"}"
        ),
        since
    );
}

#[tokio::test(start_paused = true)]
async fn many_new_phones_are_requested_as_fast_as_the_budget_allows() {
    let fixture = Fixture::start(Upstream::healthy(), 10, 100, 10 * MINUTE);
    sleep(Duration::from_secs(10)).await;
    fixture.ownership.publish(targets(&ids(2000)));
    sleep(Duration::from_secs(30)).await;
    assert_eq!(fixture.count("phone_status"), 2000);
    assert_eq!(fixture.upstream.sizes().len(), 21, "and only once");
}

#[tokio::test(start_paused = true)]
async fn a_smaller_fleet_needs_fewer_calls() {
    let fixture = Fixture::start(Upstream::healthy(), 250, 100, MINUTE);
    sleep(Duration::from_secs(30)).await;
    fixture.ownership.publish(targets(&ids(90)));
    sleep(2 * MINUTE).await;
    assert_eq!(*fixture.upstream.sizes().last().unwrap(), 90);
    assert_eq!(fixture.count("phone_status"), 90);
}

#[tokio::test(start_paused = true)]
async fn many_new_phones_in_the_middle_of_a_round_are_requested_right_after_it() {
    let fixture = Fixture::start(Upstream::healthy(), 300, 100, 2 * MINUTE);
    sleep(Duration::from_secs(130)).await;
    fixture.ownership.publish(targets(&ids(1500)));
    sleep(2 * MINUTE).await;
    assert_eq!(fixture.count("phone_status"), 1500);
}
