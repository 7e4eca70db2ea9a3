//! Calls outside of rounds.

use super::*;

/// GeeLark where one phone is starting and all others are shut down.
fn one_starting(starting: usize) -> Upstream {
    Upstream::new(move |_, ids| {
        let mut envelope = all_started(ids);
        for phone in envelope["data"]["successDetails"].as_array_mut().unwrap() {
            let is_it = phone["id"] == format!("{starting:018}");
            phone["status"] = json!(if is_it { 1 } else { 2 });
        }
        Ok(envelope)
    })
}

#[tokio::test(start_paused = true)]
async fn a_starting_phone_is_requested_outside_of_rounds() {
    let fixture = Fixture::start(one_starting(150), 300, 100, 10 * MINUTE);
    sleep(Duration::from_secs(70)).await;
    let sizes = fixture.upstream.sizes();
    assert_eq!(sizes[..3], [100, 100, 100]);
    let alone: Vec<f64> = fixture.seconds()[3..].to_vec();
    assert!(
        alone.len() >= 3 && sizes[3..].iter().all(|size| *size == 1),
        "{sizes:?}"
    );
    assert!(
        alone
            .windows(2)
            .all(|pair| (14.0..=15.5).contains(&(pair[1] - pair[0]))),
        "{alone:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_hinted_phone_is_requested_within_two_seconds_and_a_flood_of_hints_uses_only_spare_calls() {
    let fixture = Fixture::start(Upstream::healthy(), 300, 60, MINUTE);
    sleep(Duration::from_secs(30)).await;
    fixture.upstream.clear_calls();
    fixture.fleet.hint(&ids(2)[1..]);
    sleep(Duration::from_secs(2)).await;
    assert!(fixture.upstream.sizes().contains(&1), "{:?}", fixture.upstream.sizes());

    fixture.upstream.clear_calls();
    for _ in 0..600 {
        fixture.fleet.hint(&ids(300));
        sleep(Duration::from_millis(100)).await;
    }
    let sizes = fixture.upstream.sizes();
    assert!(sizes.len() <= 60, "{}", sizes.len());
    assert_eq!(fixture.value("geelark_up{account=\"main\"}"), "1");
    sleep(Duration::from_secs(10)).await;
    fixture.upstream.clear_calls();
    sleep(2 * MINUTE).await;
    assert_eq!(
        fixture.upstream.sizes().len(),
        6,
        "two rounds, and no call outside of rounds"
    );
}

#[tokio::test(start_paused = true)]
async fn rounds_that_need_the_whole_budget_leave_no_call_outside_of_rounds() {
    let fixture = Fixture::start(one_starting(0), 1000, 10, MINUTE);
    sleep(10 * MINUTE).await;
    assert!(fixture.upstream.sizes().iter().all(|size| *size == 100));
}
