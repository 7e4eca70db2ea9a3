//! What responses, targets, hints, time and a restart change in a fleet.

mod attention;
mod responses;
mod restart;
mod rules;
mod targets;

use std::time::{Duration, Instant, SystemTime};

use super::*;
use geelark_client::clock::{Timestamp, UnixTime};
use geelark_client::phone::{PhoneId, Status};
use geelark_client::{FailedPhone, FoundPhone, StatusResponse};

const STALE_AFTER: Duration = Duration::from_mins(5);

/// A fleet and the time at which its test starts.
struct Fixture {
    fleet: Fleet,
    start: Timestamp,
}

impl Fixture {
    fn of(ids: &[&str]) -> Self {
        let ids: Vec<PhoneId> = ids.iter().copied().map(PhoneId::from).collect();
        Self {
            fleet: fleet_of(&ids),
            start: Timestamp {
                mono: Instant::now(),
                wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000),
            },
        }
    }

    fn at(&self, seconds: u64) -> Timestamp {
        let passed = Duration::from_secs(seconds);
        Timestamp {
            mono: self.start.mono + passed,
            wall: self.start.wall + passed,
        }
    }

    /// Requests batch 0 and applies `response`.
    fn answer(&mut self, seconds: u64, response: StatusResponse) -> AppliedResponse {
        let now = self.at(seconds);
        let ids = self.batch(0, seconds);
        self.fleet.apply(&ids, response, now)
    }

    /// What a round requests of `batch`.
    fn batch(&self, batch: usize, seconds: u64) -> Vec<PhoneId> {
        let requests = self.fleet.round_requests(self.at(seconds).mono);
        let mut batches = requests.batches.into_iter();
        batches.find(|(number, _)| *number == batch).unwrap().1
    }

    fn phone(&self, id: &str) -> Phone {
        let view = self.fleet.view(0);
        view.phones
            .iter()
            .find(|phone| phone.id.as_str() == id)
            .unwrap()
            .clone()
    }
}

fn fleet_of(ids: &[PhoneId]) -> Fleet {
    let mut fleet = Fleet::new("main".into());
    fleet.assign(&targets(ids));
    fleet
}

fn targets(ids: &[PhoneId]) -> Vec<Target> {
    ids.iter().cloned().map(Target::from).collect()
}

fn ids(numbers: std::ops::Range<u32>) -> Vec<PhoneId> {
    numbers.map(|number| number.to_string().as_str().into()).collect()
}

fn found(id: &str, name: &str, code: i64) -> FoundPhone {
    FoundPhone {
        id: id.into(),
        name: Some(name.into()),
        status: Status(code),
    }
}

fn failed(id: &str, code: i64) -> FailedPhone {
    FailedPhone { id: id.into(), code }
}

fn response(found: Vec<FoundPhone>, failed: Vec<FailedPhone>) -> StatusResponse {
    StatusResponse { found, failed }
}
