//! Who goes, and when.

use super::*;

fn crowd_of(connections: usize) -> Arc<ConnectionLimiter> {
    ConnectionLimiter::new(Limits {
        connections,
        ..Limits::default()
    })
}

fn closed(place: &ConnectionPermit) -> bool {
    place.activity.close.is_cancelled()
}

async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn the_oldest_that_never_asked_goes_first() {
    let limiter = crowd_of(3);
    let idle = limiter.admit().await;
    drop(idle.activity.request(false));
    pass(1).await;
    let silent = limiter.admit().await;
    pass(1).await;
    let younger = limiter.admit().await;
    assert!(limiter.try_admit().is_none());
    assert_eq!([&idle, &silent, &younger].map(closed), [false, true, false]);
    // Until it has gone, nobody else has to.
    assert!(limiter.try_admit().is_none());
    assert_eq!([&idle, &silent, &younger].map(closed), [false, true, false]);
    drop(silent);
    assert!(limiter.try_admit().is_some());
}

#[tokio::test(start_paused = true)]
async fn then_the_longest_idle() {
    let limiter = crowd_of(2);
    let (first, second) = (limiter.admit().await, limiter.admit().await);
    drop(second.activity.request(false));
    pass(1).await;
    drop(first.activity.request(false));
    assert!(limiter.try_admit().is_none());
    assert_eq!([&first, &second].map(closed), [false, true]);
}

#[tokio::test(start_paused = true)]
async fn requests_under_way_are_waited_for() {
    let limiter = crowd_of(1);
    let busy = limiter.admit().await;
    let request = busy.activity.request(false);
    // Two doors may wait at once.
    let waiting = [(); 2].map(|()| {
        let limiter = limiter.clone();
        tokio::spawn(async move { drop(limiter.admit().await) })
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
    let limiter = crowd_of(1);
    let slow = limiter.admit().await;
    let _request = slow.activity.request(false);
    slow.activity.stalled();
    pass(4).await;
    assert!(limiter.try_admit().is_none() && !closed(&slow));
    pass(1).await;
    assert!(limiter.try_admit().is_none() && closed(&slow));
}

#[tokio::test(start_paused = true)]
async fn a_crowd_the_machine_cannot_bear_shrinks_for_a_while() {
    let limiter = crowd_of(100);
    let mut places = Vec::new();
    for _ in 0..40 {
        places.push(limiter.admit().await);
    }
    limiter.shrink();
    assert_eq!(places.iter().filter(|place| closed(place)).count(), 16);
    assert!(limiter.try_admit().is_none());
    places.retain(|place| !closed(place));
    assert_eq!(limiter.members().open.len(), 24);
    assert!(limiter.try_admit().is_none());
    pass(600).await;
    limiter.sweep();
    assert!(limiter.try_admit().is_some());
}

#[tokio::test(start_paused = true)]
async fn each_phase_has_its_time() {
    let limiter = crowd_of(9);
    let silent = limiter.admit().await;
    let idle = limiter.admit().await;
    drop(idle.activity.request(false));
    let trickling = limiter.admit().await;
    drop(trickling.activity.request(false));
    let busy = limiter.admit().await;
    let _request = busy.activity.request(true);
    let all = [&silent, &idle, &trickling, &busy];

    pass(9).await;
    trickling.activity.read();
    limiter.sweep();
    assert_eq!(all.map(closed), [false; 4]);
    pass(1).await;
    limiter.sweep();
    assert_eq!(all.map(closed), [true, false, false, false]);
    pass(9).await;
    trickling.activity.read();
    limiter.sweep();
    assert_eq!(all.map(closed), [true, false, true, false]);
    pass(41).await;
    limiter.sweep();
    assert_eq!(all.map(closed), [true, false, true, true]);
    pass(120).await;
    limiter.sweep();
    assert_eq!(all.map(closed), [true; 4]);
}

#[tokio::test(start_paused = true)]
async fn http2_frames_between_requests_are_no_request() {
    let limiter = crowd_of(1);
    let place = limiter.admit().await;
    drop(place.activity.request(true));
    place.activity.read();
    assert_eq!(place.activity.phase().0, Phase::Idle);
}

#[tokio::test(start_paused = true)]
async fn at_the_end_only_whole_requests_are_waited_for() {
    let limiter = crowd_of(9);
    let (silent, busy) = (limiter.admit().await, limiter.admit().await);
    let _request = busy.activity.request(false);
    limiter.close_pending();
    assert_eq!([&silent, &busy].map(closed), [true, false]);
}
