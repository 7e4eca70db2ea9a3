//! Who goes, and when.

use super::*;

fn crowd_of(connections: usize) -> Arc<Crowd> {
    Crowd::new(Limits {
        connections,
        ..Limits::default()
    })
}

fn closed(place: &Place) -> bool {
    place.activity.close.is_cancelled()
}

async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn the_oldest_that_never_asked_goes_first() {
    let crowd = crowd_of(3);
    let idle = crowd.admit().await;
    drop(idle.activity.request(false));
    pass(1).await;
    let silent = crowd.admit().await;
    pass(1).await;
    let younger = crowd.admit().await;
    assert!(crowd.try_admit().is_none());
    assert_eq!([&idle, &silent, &younger].map(closed), [false, true, false]);
    // Until it has gone, nobody else has to.
    assert!(crowd.try_admit().is_none());
    assert_eq!([&idle, &silent, &younger].map(closed), [false, true, false]);
    drop(silent);
    assert!(crowd.try_admit().is_some());
}

#[tokio::test(start_paused = true)]
async fn then_the_longest_idle() {
    let crowd = crowd_of(2);
    let (first, second) = (crowd.admit().await, crowd.admit().await);
    drop(second.activity.request(false));
    pass(1).await;
    drop(first.activity.request(false));
    assert!(crowd.try_admit().is_none());
    assert_eq!([&first, &second].map(closed), [false, true]);
}

#[tokio::test(start_paused = true)]
async fn requests_under_way_are_waited_for() {
    let crowd = crowd_of(1);
    let busy = crowd.admit().await;
    let request = busy.activity.request(false);
    // Two doors may wait at once.
    let waiting = [(); 2].map(|()| {
        let crowd = crowd.clone();
        tokio::spawn(async move { drop(crowd.admit().await) })
    });
    pass(1).await;
    assert!(!waiting.iter().any(tokio::task::JoinHandle::is_finished) && !closed(&busy));
    drop(request);
    drop(busy);
    for waiting in waiting {
        waiting.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_goes_after_a_while() {
    let crowd = crowd_of(1);
    let slow = crowd.admit().await;
    let _request = slow.activity.request(false);
    slow.activity.stalled();
    pass(4).await;
    assert!(crowd.try_admit().is_none() && !closed(&slow));
    pass(1).await;
    assert!(crowd.try_admit().is_none() && closed(&slow));
}

#[tokio::test(start_paused = true)]
async fn a_crowd_the_machine_cannot_bear_shrinks_for_a_while() {
    let crowd = crowd_of(100);
    let mut places = Vec::new();
    for _ in 0..40 {
        places.push(crowd.admit().await);
    }
    crowd.shrink();
    assert_eq!(places.iter().filter(|place| closed(place)).count(), 16);
    assert!(crowd.try_admit().is_none());
    places.retain(|place| !closed(place));
    assert_eq!(crowd.members().open.len(), 24);
    assert!(crowd.try_admit().is_none());
    pass(600).await;
    crowd.sweep();
    assert!(crowd.try_admit().is_some());
}

#[tokio::test(start_paused = true)]
async fn each_phase_has_its_time() {
    let crowd = crowd_of(9);
    let silent = crowd.admit().await;
    let idle = crowd.admit().await;
    drop(idle.activity.request(false));
    let trickling = crowd.admit().await;
    drop(trickling.activity.request(false));
    let busy = crowd.admit().await;
    let _request = busy.activity.request(true);
    let all = [&silent, &idle, &trickling, &busy];

    pass(9).await;
    trickling.activity.read();
    crowd.sweep();
    assert_eq!(all.map(closed), [false; 4]);
    pass(1).await;
    crowd.sweep();
    assert_eq!(all.map(closed), [true, false, false, false]);
    pass(9).await;
    trickling.activity.read();
    crowd.sweep();
    assert_eq!(all.map(closed), [true, false, true, false]);
    pass(41).await;
    crowd.sweep();
    assert_eq!(all.map(closed), [true, false, true, true]);
    pass(120).await;
    crowd.sweep();
    assert_eq!(all.map(closed), [true; 4]);
}

#[tokio::test(start_paused = true)]
async fn http2_frames_between_requests_are_no_request() {
    let crowd = crowd_of(1);
    let place = crowd.admit().await;
    drop(place.activity.request(true));
    place.activity.read();
    assert_eq!(place.activity.phase().0, Phase::Idle);
}

#[tokio::test(start_paused = true)]
async fn at_the_end_only_whole_requests_are_waited_for() {
    let crowd = crowd_of(9);
    let (silent, busy) = (crowd.admit().await, crowd.admit().await);
    let _request = busy.activity.request(false);
    crowd.dismiss();
    assert_eq!([&silent, &busy].map(closed), [true, false]);
}
