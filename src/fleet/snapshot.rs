//! What is known of a fleet, to be saved and restored.

use std::sync::Arc;

use super::batch::{BatchState, Tracking};
use super::fleet::Fleet;
use super::view::{BatchView, Freshness, Phone};
use geelark_client::clock::{ElapsedSinceSave, Timestamp, UnixMillis};
use geelark_client::phone::BATCH_SIZE;

/// A fleet at one instant. It shares the views with the exposition, so taking and holding one is cheap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    batches: Vec<BatchSnapshot>,
}

/// `answered` is parallel to the phones of `view`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct BatchSnapshot {
    view: Arc<BatchView>,
    answered: Box<[Option<UnixMillis>]>,
}

impl Snapshot {
    /// Phones with when each was last answered. Ids must be unique.
    pub fn new(phones: impl IntoIterator<Item = (Phone, Option<UnixMillis>)>) -> Self {
        let mut phones = phones.into_iter().peekable();
        let mut batches = Vec::new();
        while phones.peek().is_some() {
            let (phones, answered): (Vec<_>, Vec<_>) = phones.by_ref().take(BATCH_SIZE).unzip();
            let account = "".into();
            batches.push(BatchSnapshot {
                view: Arc::new(BatchView { account, phones }),
                answered: answered.into(),
            });
        }
        Self { batches }
    }

    /// Every phone with when it was last answered.
    pub fn phones(&self) -> impl Iterator<Item = (&Phone, Option<UnixMillis>)> {
        let batches = self.batches.iter();
        batches.flat_map(|batch| batch.view.phones.iter().zip(batch.answered.iter().copied()))
    }

    /// How many phones there are.
    pub fn len(&self) -> usize {
        self.batches.iter().map(|batch| batch.answered.len()).sum()
    }

    /// Whether there are no phones.
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }
}

impl Fleet {
    /// What is known now.
    pub fn snapshot(&self, now: Timestamp) -> Snapshot {
        let batch = |state: &BatchState| BatchSnapshot {
            view: state.view().clone(),
            answered: state.answered().map(|at| at.map(|at| now.millis_at(at))).collect(),
        };
        Snapshot {
            batches: self.batches.iter().map(batch).collect(),
        }
    }

    /// The fleet of `snapshot`. [`Fleet::expire`] marks what is too old; a status of unknown age is stale.
    pub fn restored(account: Arc<str>, snapshot: Snapshot, elapsed: ElapsedSinceSave) -> Self {
        let now = elapsed.now.unix();
        let batch = |BatchSnapshot { mut view, answered }: BatchSnapshot| {
            let answered = answered.iter().map(|at| at.and_then(|at| elapsed.earlier(at)));
            let BatchView { account: of, phones } = Arc::make_mut(&mut view);
            *of = account.clone();
            let track = |(at, phone): (Option<std::time::Instant>, &mut Phone)| {
                if let Some(last) = &mut phone.last {
                    // The wall clock may have been set back since.
                    last.since = last.since.min(now);
                }
                if at.is_none() && phone.freshness == Freshness::Fresh {
                    phone.freshness = Freshness::Stale;
                }
                Tracking::answered(at)
            };
            let tracking = answered.zip(phones).map(track).collect();
            BatchState::new(view, tracking)
        };
        let batches = snapshot.batches.into_iter().map(batch).collect();
        Self { account, batches }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant, SystemTime};

    use super::*;
    use crate::fleet::{ObservedStatus, Target};
    use geelark_client::clock::UnixTime;
    use geelark_client::phone::{PhoneId, Status};
    use geelark_client::{FailedPhone, FoundPhone, StatusResponse};

    const STALE_AFTER: Duration = Duration::from_mins(5);
    const START: u64 = 1_000_000;

    /// The moment `seconds` after the start. Steady clocks of different processes have nothing in common.
    fn at(seconds: u64) -> Timestamp {
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(START + seconds);
        Timestamp {
            mono: Instant::now(),
            wall,
        }
    }

    fn members(ids: &[&str]) -> Vec<Target> {
        ids.iter().map(|id| Target::from(PhoneId::from(*id))).collect()
    }

    fn answer(fleet: &mut Fleet, code: i64, now: Timestamp) {
        let question = fleet.batch_requests(0, now.mono).together.unwrap();
        let (missing, found): (Vec<_>, Vec<_>) = question.ids().partition(|id| id.as_str() == "missing");
        let answer = StatusResponse {
            found: found
                .into_iter()
                .map(|id| FoundPhone {
                    id: id.to_string(),
                    name: Some(format!("phone {id}")),
                    status: Status(code),
                })
                .collect(),
            failed: missing
                .into_iter()
                .map(|id| FailedPhone {
                    id: id.to_string(),
                    code: FailedPhone::NOT_FOUND,
                })
                .collect(),
        };
        fleet.apply(&question, answer, now);
    }

    /// A fleet that was answered 100 s after the start, snapped at 130 s.
    fn snapshot() -> Snapshot {
        let mut fleet = Fleet::new("main".into());
        fleet.assign(&members(&["a", "missing"]));
        let before = at(100);
        answer(&mut fleet, 1, before);
        let passed = Duration::from_secs(30);
        fleet.snapshot(Timestamp {
            mono: before.mono + passed,
            wall: before.wall + passed,
        })
    }

    /// The fleet that starts from it.
    fn restored(now: Timestamp) -> Fleet {
        let past = ElapsedSinceSave::new(UnixMillis((START + 130) * 1000), now);
        let mut fleet = Fleet::restored("main".into(), snapshot(), past);
        fleet.expire(STALE_AFTER, now.mono);
        fleet
    }

    fn phones(fleet: &Fleet) -> [Phone; 2] {
        fleet.view(0).phones.clone().try_into().unwrap()
    }

    const SEEN: Option<ObservedStatus> = Some(ObservedStatus {
        status: Status::STARTING,
        since: UnixTime(1_000_100),
    });

    #[test]
    fn what_is_young_enough_is_shown_at_once() {
        let [a, missing] = phones(&restored(at(399)));
        assert_eq!((a.shown(), a.label_name()), (SEEN, "phone a"));
        assert_eq!((missing.freshness, missing.not_found_total), (Freshness::NotFound, 1));
    }

    #[test]
    fn what_is_too_old_is_not_shown_and_keeps_its_timestamp_if_the_next_answer_agrees() {
        let now = at(401);
        let mut fleet = restored(now);
        assert_eq!(phones(&fleet)[0].shown(), None);
        answer(&mut fleet, 1, now);
        let [a, missing] = phones(&fleet);
        assert_eq!(a.shown(), SEEN);
        assert_eq!(missing.not_found_total, 2, "the counter goes on");

        let mut fleet = restored(now);
        answer(&mut fleet, 2, now);
        let since = UnixTime(1_000_401);
        assert_eq!(phones(&fleet)[0].shown().map(|seen| seen.since), Some(since));
    }

    #[test]
    fn of_a_clock_that_was_set_back_nothing_is_shown() {
        let now = at(10);
        let mut fleet = restored(now);
        let [a, _] = phones(&fleet);
        assert_eq!(
            (a.freshness, a.last.map(|seen| seen.since)),
            (Freshness::Stale, Some(now.unix()))
        );
        answer(&mut fleet, 1, now);
        assert!(phones(&fleet)[0].shown().is_some());
    }

    #[test]
    fn age_goes_on_from_where_it_was() {
        let now = at(300);
        let mut fleet = restored(now);
        assert!(fleet.expire(STALE_AFTER, now.mono + Duration::from_secs(99)).is_empty());
        assert_eq!(fleet.expire(STALE_AFTER, now.mono + Duration::from_secs(101)), [0]);
    }

    #[test]
    fn phones_that_are_watched_no_longer_are_dropped_and_new_ones_begin_empty() {
        let mut fleet = restored(at(200));
        assert!(fleet.assign(&members(&["b", "a"])).changed);
        let [a, b] = phones(&fleet);
        assert_eq!((a.shown(), b), (SEEN, Phone::unseen("b".into())));
    }

    #[test]
    fn a_snapshot_is_laid_out_in_batches_and_gives_back_what_was_put_in() {
        let phones: Vec<_> = (0..253)
            .map(|n: u32| (Phone::unseen(n.to_string().as_str().into()), Some(UnixMillis(n.into()))))
            .collect();
        let snapshot = Snapshot::new(phones.clone());
        let back: Vec<_> = snapshot.phones().map(|(phone, at)| (phone.clone(), at)).collect();
        assert_eq!((snapshot.len(), snapshot.batches.len()), (253, 3));
        assert_eq!(back, phones);
        let fleet = Fleet::restored("main".into(), snapshot, ElapsedSinceSave::new(UnixMillis(0), at(0)));
        assert_eq!((fleet.len(), fleet.batches()), (253, 3));
    }
}
