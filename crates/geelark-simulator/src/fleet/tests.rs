use std::collections::HashSet;
use std::time::UNIX_EPOCH;

use super::*;

/// 14 November 2023, for want of a better day.
const START: u64 = 1_700_000_000;

fn start() -> Moment {
    Moment {
        mono: Instant::now(),
        wall: UNIX_EPOCH + Duration::from_secs(START),
    }
}

fn options(phones: usize, speed: f64) -> Options {
    Options {
        phones,
        speed,
        ..Options::default()
    }
}

fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 3600)
}

fn snapshot(fleet: &Fleet) -> Vec<Phone> {
    fleet.phones().cloned().collect()
}

#[test]
fn a_fleet_depends_on_seed_and_time_alone_not_on_who_looked_when() {
    let start = start();
    let mut patient = Fleet::found(&options(300, 1.0), start);
    let mut curious = Fleet::found(&options(300, 1.0), start);
    assert_eq!(snapshot(&patient), snapshot(&curious));
    for minute in 0..48 * 60 {
        curious.advance(start.mono + Duration::from_secs(60 * minute));
    }
    patient.advance(start.mono + hours(48));
    curious.advance(start.mono + hours(48));
    assert_eq!(snapshot(&patient), snapshot(&curious));

    let other = Fleet::found(
        &Options {
            seed: 2,
            ..options(300, 1.0)
        },
        start,
    );
    assert_ne!(other.phones().next().unwrap().id, patient.phones().next().unwrap().id);
}

#[test]
fn a_fleet_of_eight_begins_with_every_status_and_any_size_can_be_founded() {
    for phones in [8, 9, 25, 300] {
        let fleet = Fleet::found(&options(phones, 0.0), start());
        let statuses: HashSet<i64> = fleet.phones().map(|phone| phone.status).collect();
        assert_eq!(statuses, HashSet::from([0, 1, 2, 3]), "{phones} phones");
    }
    for phones in 0..8 {
        assert_eq!(Fleet::found(&options(phones, 1.0), start()).phones().count(), phones);
    }
}

#[test]
fn most_phones_are_shut_down_or_started() {
    let fleet = Fleet::found(&options(1000, 0.0), start());
    let count = |status| fleet.phones().filter(|phone| phone.status == status).count();
    assert_eq!([0, 1, 2, 3].map(count), [400, 40, 520, 40]);
}

#[test]
fn ids_are_18_digits_and_unique_and_names_are_what_people_type() {
    let fleet = Fleet::found(&options(20_000, 0.0), start());
    let ids: HashSet<&str> = fleet.phones().map(|phone| phone.id.as_str()).collect();
    assert_eq!(ids.len(), 20_000);
    assert!(
        ids.iter()
            .all(|id| id.len() == 18 && id.bytes().all(|byte| byte.is_ascii_digit()))
    );
    let names: Vec<&str> = fleet
        .phones()
        .take(40)
        .map(|phone| phone.serial_name.as_str())
        .collect();
    for part in ["云", "📱", "\"", "\\", "\n"] {
        assert!(names.iter().any(|name| name.contains(part)), "no name with {part:?}");
    }
    assert!(names.contains(&""));
    assert_eq!(names.iter().filter(|name| **name == "duplicate").count(), 2);
}

#[test]
fn missing_ids_are_spread_over_the_list_and_stay_missing() {
    let start = start();
    let mut fleet = Fleet::found(
        &Options {
            missing: 20,
            ..options(80, 1.0)
        },
        start,
    );
    let missing = |fleet: &Fleet| -> Vec<usize> {
        fleet
            .phones()
            .filter(|phone| !phone.exists && phone.frozen)
            .map(|phone| phone.serial_no)
            .collect()
    };
    let before = missing(&fleet);
    assert_eq!(before.len(), 20);
    assert!(before[0] < 50, "not all at the end: {before:?}");
    fleet.advance(start.mono + hours(1000));
    assert_eq!(missing(&fleet), before);
}

#[test]
fn a_frozen_fleet_does_nothing() {
    let start = start();
    let mut fleet = Fleet::found(&options(100, 0.0), start);
    let before = snapshot(&fleet);
    fleet.advance(start.mono + hours(10_000));
    assert_eq!(snapshot(&fleet), before);
}

#[test]
fn in_two_days_phones_boot_stop_are_renamed_expire_and_vanish_but_the_fleet_goes_on() {
    let start = start();
    let mut fleet = Fleet::found(&options(300, 1.0), start);
    let mut seen = HashSet::new();
    for minute in (0..48 * 60).step_by(5) {
        let before = snapshot(&fleet);
        fleet.advance(start.mono + Duration::from_secs(60 * minute));
        for (before, after) in before.iter().zip(fleet.phones()) {
            if before.status != after.status {
                seen.insert(format!("{} to {}", before.status, after.status));
            }
            if before.serial_name != after.serial_name {
                seen.insert("renamed".to_owned());
            }
            if before.exists != after.exists {
                seen.insert(format!("exists: {}", after.exists));
            }
        }
    }
    for event in [
        "2 to 1",
        "1 to 0",
        "0 to 2",
        "2 to 3",
        "3 to 2",
        "renamed",
        "exists: false",
        "exists: true",
    ] {
        assert!(seen.contains(event), "{event} never happened; seen: {seen:?}");
    }
    let alive = fleet.phones().filter(|phone| phone.exists).count();
    assert!(alive > 240, "only {alive} phones are left");
}

#[test]
fn speed_sixty_lives_an_hour_a_minute() {
    let start = start();
    let mut brisk = Fleet::found(&options(50, 60.0), start);
    let mut calm = Fleet::found(&options(50, 1.0), start);
    brisk.advance(start.mono + Duration::from_mins(1));
    calm.advance(start.mono + hours(1));
    let statuses = |fleet: &Fleet| -> Vec<(i64, bool)> {
        fleet
            .phones()
            .filter(|phone| phone.charge_mode == 0)
            .map(|phone| (phone.status, phone.exists))
            .collect()
    };
    assert_eq!(statuses(&brisk), statuses(&calm));
}

#[test]
fn a_rental_ends_when_its_date_says_whatever_the_speed() {
    for speed in [0.01, 1.0, 60.0] {
        let start = start();
        let mut fleet = Fleet::found(&options(8, speed), start);
        let id = fleet
            .phones()
            .find(|phone| phone.status == status::SHUT_DOWN)
            .unwrap()
            .id
            .clone();
        let change = serde_json::json!({"chargeMode": 1, "monthlyExpire": START + 5});
        fleet.change(&id, serde_json::from_value(change).unwrap());
        fleet.advance(start.mono + Duration::from_millis(4_999));
        assert_ne!(fleet.get(&id).unwrap().status, status::EXPIRED, "speed {speed}");
        fleet.advance(start.mono + Duration::from_millis(5_001));
        assert_eq!(fleet.get(&id).unwrap().status, status::EXPIRED, "speed {speed}");
    }
}

#[test]
fn a_date_beyond_reason_harms_nobody() {
    let start = start();
    let mut fleet = Fleet::found(&options(8, 86_400.0), start);
    let ids: Vec<String> = fleet.phones().map(|phone| phone.id.clone()).collect();
    for (id, date) in ids.iter().zip([i64::MAX, i64::MIN]) {
        let change = serde_json::json!({"status": 2, "chargeMode": 1, "monthlyExpire": date, "frozen": false});
        fleet.change(id, serde_json::from_value(change).unwrap());
    }
    fleet.advance(start.mono);
    assert_ne!(fleet.get(&ids[0]).unwrap().status, status::EXPIRED);
    assert_eq!(fleet.get(&ids[1]).unwrap().status, status::EXPIRED);
}

#[test]
fn a_phone_whose_status_was_set_keeps_it_until_it_is_let_go() {
    let start = start();
    let mut fleet = Fleet::found(&options(20, 1.0), start);
    let id = fleet.phones().next().unwrap().id.clone();
    let change = |json: serde_json::Value| serde_json::from_value::<Change>(json).unwrap();
    fleet.change(&id, change(serde_json::json!({"status": "starting"})));
    fleet.advance(start.mono + hours(100));
    assert_eq!(fleet.get(&id).unwrap().status, status::STARTING);
    fleet.change(&id, change(serde_json::json!({"frozen": false})));
    fleet.advance(start.mono + hours(102));
    assert_ne!(fleet.get(&id).unwrap().status, status::STARTING);
}

#[test]
fn a_status_that_is_no_status_is_refused_in_a_sentence() {
    let refused = serde_json::from_str::<Change>(r#"{"status": "asleep"}"#)
        .unwrap_err()
        .to_string();
    assert!(
        refused.starts_with(r#"status "asleep" is not known: give started, starting, shut_down, expired or a number"#),
        "{refused}"
    );
    assert!(serde_json::from_str::<Change>(r#"{"status": 7}"#).is_ok());
    assert!(serde_json::from_str::<Change>(r#"{"state": 7}"#).is_err());
}
