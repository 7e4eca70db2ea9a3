//! What failed calls change.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_lock_prevents_calls_for_two_hours() {
    let upstream = Upstream::new(|nth, ids| {
        Ok(if nth == 1 {
            failure_code(40014)
        } else {
            all_started(ids)
        })
    });
    let fixture = Fixture::start(upstream, 300, 100, MINUTE);
    sleep(Duration::from_secs(30)).await;
    let before = fixture.seconds();
    assert!(before.len() <= 3, "{before:?}");
    assert_eq!(fixture.value("geelark_up{account=\"main\"}"), "0");
    let until = fixture.value("geelark_api_locked_until_timestamp_seconds{account=\"main\"}");
    let until: f64 = until.parse().unwrap();
    let locked_at = 1_000_000.0 + before[1] + 0.08;
    assert!((until - locked_at - 7200.0).abs() <= 1.0, "{until}");

    sleep(HOUR + 59 * MINUTE).await;
    assert_eq!(fixture.seconds().len(), before.len(), "not one call while locked");
    assert_eq!(
        fixture.count("phone_status"),
        0,
        "statuses older than stale_after are hidden"
    );

    sleep(2 * MINUTE).await;
    let after = &fixture.seconds()[before.len()..];
    assert!(after[0] - before[1] >= 7200.0, "{after:?}");
    assert_eq!(fixture.count("phone_status"), 300);
    assert_eq!(
        fixture.value("geelark_api_locked_until_timestamp_seconds{account=\"main\"}"),
        "0"
    );
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_prevents_calls_for_a_minute() {
    let upstream = Upstream::new(|nth, ids| {
        Ok(if nth == 0 {
            failure_code(40007)
        } else {
            all_started(ids)
        })
    });
    let fixture = Fixture::start(upstream, 200, 100, MINUTE);
    sleep(2 * MINUTE).await;
    let seconds = fixture.seconds();
    let first_after = seconds.iter().find(|at| **at > seconds[0] + 5.0).unwrap();
    assert!(first_after - seconds[0] >= 60.0, "{seconds:?}");
    assert_eq!(fixture.count("phone_status"), 200);
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_tried_with_one_call_at_a_time_and_longer_waits() {
    let fixture = Fixture::start(Upstream::new(|_, _| Ok(failure_code(40003))), 1000, 100, MINUTE);
    sleep(HOUR).await;
    let seconds = fixture.seconds();
    let gaps: Vec<f64> = seconds.windows(2).map(|pair| (pair[1] - pair[0]).round()).collect();
    let tail = &gaps[gaps.len() - 5..];
    assert!(tail.iter().all(|gap| (300.0..=303.0).contains(gap)), "{gaps:?}");
    assert!(seconds.len() < 25, "{seconds:?}");
    assert_eq!(
        fixture.value("geelark_api_locked_until_timestamp_seconds{account=\"main\"}"),
        "0",
        "a refused credential is no lock"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_call_is_retried_within_the_round() {
    let upstream = Upstream::new(|nth, ids| Ok(if nth < 2 { failure_code(50000) } else { all_started(ids) }));
    let fixture = Fixture::start(upstream, 100, 100, MINUTE);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(fixture.upstream.times().len(), 3);
    assert_eq!(fixture.value("geelark_up{account=\"main\"}"), "1");
    let failures = "geelark_api_request_failures_total{account=\"main\",endpoint=\"phone_status\",reason=\"50000\"}";
    assert_eq!(fixture.value(failures), "2");
}

#[tokio::test(start_paused = true)]
async fn retries_end_when_the_next_round_is_due_and_keep_the_budget() {
    let broken = || Failure {
        reason: Reason::Timeout,
        message: "no answer".into(),
        retry_after: None,
    };
    let fixture = Fixture::start(
        Upstream::new(move |_, _| Err(broken())),
        600,
        20,
        Duration::from_secs(30),
    );
    sleep(10 * MINUTE).await;
    assert!(fixture.upstream.busiest_minute() <= 20);
    assert_eq!(fixture.value("geelark_up{account=\"main\"}"), "0");
    let seconds = fixture.seconds();
    assert!(seconds.last().unwrap() > &570.0, "it continues to try: {seconds:?}");
}

#[tokio::test(start_paused = true)]
async fn a_failing_batch_affects_only_its_own_phones() {
    let upstream = Upstream::new(|_, ids| {
        let bad = ids.contains(&format!("{:018}", 150));
        Ok(if bad { failure_code(50000) } else { all_started(ids) })
    });
    let fixture = Fixture::start(upstream, 300, 100, MINUTE);
    sleep(10 * MINUTE).await;
    assert_eq!(fixture.count("phone_status"), 200);
    assert_eq!(fixture.value("geelark_up{account=\"main\"}"), "0");
    assert_eq!(
        fixture.value("geelark_phones{account=\"main\",status=\"stale\"}"),
        "100"
    );
}

#[tokio::test(start_paused = true)]
async fn an_invalid_id_affects_no_other_phone_of_its_batch() {
    let upstream = Upstream::new(|_, ids| {
        let bad = ids.contains(&format!("{:018}", 150));
        Ok(if bad { failure_code(40004) } else { all_started(ids) })
    });
    let fixture = Fixture::start(upstream, 300, 100, MINUTE);
    sleep(MINUTE).await;
    let calls = fixture.upstream.times().len();
    assert!(calls <= 3 + 14, "{calls}");
    assert_eq!(fixture.count("phone_status"), 299);
    assert_eq!(
        fixture.value("geelark_up{account=\"main\"}"),
        "1",
        "every batch was answered"
    );
    assert_eq!(fixture.value("geelark_poll_unanswered_phones{account=\"main\"}"), "1");

    fixture.upstream.clear_calls();
    sleep(MINUTE).await;
    let mut sizes = fixture.upstream.sizes();
    sizes.sort_unstable();
    assert_eq!(sizes, [99, 100, 100], "the invalid id is left out");
    fixture.upstream.clear_calls();
    sleep(10 * MINUTE).await;
    let alone = fixture.upstream.sizes().iter().filter(|size| **size == 1).count();
    assert_eq!(alone, 1, "and requested again, alone, every ten minutes");
}

#[tokio::test(start_paused = true)]
async fn a_geelark_that_rejects_every_request_does_not_use_up_the_budget() {
    let fixture = Fixture::start(Upstream::new(|_, _| Ok(failure_code(40004))), 1000, 100, MINUTE);
    sleep(20 * MINUTE).await;
    let calls = fixture.upstream.times().len();
    assert!(calls <= 20 * (10 + 64 + 10), "{calls}");
    assert_eq!(fixture.value("geelark_up{account=\"main\"}"), "0");
}

#[tokio::test(start_paused = true)]
async fn every_batch_is_answered_although_each_round_is_blocked() {
    // Another program uses the same account, so each round exceeds the limit.
    let upstream = Upstream::new(|nth, ids| {
        Ok(if nth % 4 == 3 {
            failure_code(40007)
        } else {
            all_started(ids)
        })
    });
    let fixture = Fixture::start(upstream, 600, 100, MINUTE);
    sleep(8 * MINUTE).await;
    assert_eq!(fixture.count("phone_status"), 600);
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_a_call_outside_of_rounds_meets_is_kept_and_shown() {
    let upstream = Upstream::new(|_, ids| {
        let alone = ids.len() == 1;
        Ok(if alone { failure_code(40014) } else { all_started(ids) })
    });
    let fixture = Fixture::start(upstream, 200, 100, 10 * MINUTE);
    sleep(Duration::from_secs(10)).await;
    fixture.fleet.hint(&ids(1));
    sleep(HOUR).await;
    assert_eq!(fixture.upstream.sizes(), [100, 100, 1]);
    let until = fixture.value("geelark_api_locked_until_timestamp_seconds{account=\"main\"}");
    assert!(until.parse::<f64>().unwrap() > 1_007_000.0, "{until}");
}
