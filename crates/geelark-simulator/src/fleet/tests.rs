use std::collections::HashSet;

use serde_json::json;

use super::*;

/// 14 November 2023, in seconds since the Unix epoch.
const START: i64 = 1_700_000_000;

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

fn change(fleet: &mut SimulatedFleet, id: &str, keys: Value) {
    let Value::Object(keys) = keys else { panic!("{keys}") };
    fleet.change(id, keys).unwrap().unwrap();
}

fn snapshot(fleet: &SimulatedFleet) -> Vec<SimulatedPhone> {
    fleet.phones().cloned().collect()
}

#[test]
fn a_fleet_depends_on_its_seed_and_the_time_alone() {
    let mut once = SimulatedFleet::new(&options(300, 1.0), START);
    let mut often = SimulatedFleet::new(&options(300, 1.0), START);
    assert_eq!(snapshot(&once), snapshot(&often));
    for minute in 0..48 * 60 {
        often.advance(Duration::from_secs(60 * minute));
    }
    once.advance(hours(48));
    often.advance(hours(48));
    assert_eq!(snapshot(&once), snapshot(&often));

    let other = SimulatedFleet::new(
        &Options {
            seed: 2,
            ..options(300, 1.0)
        },
        START,
    );
    assert_ne!(other.phones().next().unwrap().id, once.phones().next().unwrap().id);
}

#[test]
fn a_fleet_has_any_size_and_from_eight_phones_on_every_status() {
    for phones in [8, 9, 25, 300] {
        let fleet = SimulatedFleet::new(&options(phones, 0.0), START);
        let statuses: HashSet<i64> = fleet.phones().map(|phone| phone.status).collect();
        assert_eq!(statuses, HashSet::from([0, 1, 2, 3]), "{phones} phones");
    }
    for phones in 0..8 {
        assert_eq!(
            SimulatedFleet::new(&options(phones, 1.0), START).phones().count(),
            phones
        );
    }
}

#[test]
fn most_phones_are_shut_down_or_started() {
    let fleet = SimulatedFleet::new(&options(1000, 0.0), START);
    let count = |status| fleet.phones().filter(|phone| phone.status == status).count();
    assert_eq!([0, 1, 2, 3].map(count), [400, 40, 520, 40]);
}

#[test]
fn ids_have_18_digits_and_names_have_difficult_characters() {
    let fleet = SimulatedFleet::new(&options(20_000, 0.0), START);
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
    let mut fleet = SimulatedFleet::new(
        &Options {
            missing: 20,
            ..options(80, 1.0)
        },
        START,
    );
    let missing = |fleet: &SimulatedFleet| -> Vec<usize> {
        fleet
            .phones()
            .filter(|phone| !phone.exists && phone.frozen)
            .map(|phone| phone.serial_no)
            .collect()
    };
    let before = missing(&fleet);
    assert_eq!(before.len(), 20);
    assert!(before[0] < 50, "not all at the end: {before:?}");
    fleet.advance(hours(1000));
    assert_eq!(missing(&fleet), before);
}

#[test]
fn a_frozen_fleet_does_nothing() {
    let mut fleet = SimulatedFleet::new(&options(100, 0.0), START);
    let before = snapshot(&fleet);
    fleet.advance(hours(10_000));
    assert_eq!(snapshot(&fleet), before);
}

#[test]
fn in_two_days_phones_boot_stop_expire_and_are_renamed_deleted_and_restored() {
    let mut fleet = SimulatedFleet::new(&options(300, 1.0), START);
    let mut seen = HashSet::new();
    for minute in (0..48 * 60).step_by(5) {
        let before = snapshot(&fleet);
        fleet.advance(Duration::from_secs(60 * minute));
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
fn at_speed_sixty_an_hour_passes_in_a_minute() {
    let mut fast = SimulatedFleet::new(&options(50, 60.0), START);
    let mut slow = SimulatedFleet::new(&options(50, 1.0), START);
    fast.advance(Duration::from_mins(1));
    slow.advance(hours(1));
    let statuses = |fleet: &SimulatedFleet| -> Vec<(i64, bool)> {
        fleet
            .phones()
            .filter(|phone| phone.charge_mode == 0)
            .map(|phone| (phone.status, phone.exists))
            .collect()
    };
    assert_eq!(statuses(&fast), statuses(&slow));
}

#[test]
fn a_rental_ends_at_its_date_at_any_speed() {
    for speed in [0.01, 1.0, 60.0] {
        let mut fleet = SimulatedFleet::new(&options(8, speed), START);
        let id = fleet
            .phones()
            .find(|phone| phone.status == status::SHUT_DOWN)
            .unwrap()
            .id
            .clone();
        change(&mut fleet, &id, json!({"chargeMode": 1, "monthlyExpire": START + 5}));
        fleet.advance(Duration::from_millis(4_999));
        assert_ne!(fleet.get(&id).unwrap().status, status::EXPIRED, "speed {speed}");
        fleet.advance(Duration::from_millis(5_001));
        assert_eq!(fleet.get(&id).unwrap().status, status::EXPIRED, "speed {speed}");
    }
}

#[test]
fn an_extreme_end_of_a_rental_is_accepted() {
    let mut fleet = SimulatedFleet::new(&options(8, 86_400.0), START);
    let ids: Vec<String> = fleet.phones().map(|phone| phone.id.clone()).collect();
    for (id, date) in ids.iter().zip([i64::MAX, i64::MIN]) {
        let keys = json!({"status": 2, "chargeMode": 1, "monthlyExpire": date, "frozen": false});
        change(&mut fleet, id, keys);
    }
    fleet.advance(Duration::ZERO);
    assert_ne!(fleet.get(&ids[0]).unwrap().status, status::EXPIRED);
    assert_eq!(fleet.get(&ids[1]).unwrap().status, status::EXPIRED);
}

#[test]
fn a_status_that_was_set_stays_until_the_phone_is_unfrozen() {
    let mut fleet = SimulatedFleet::new(&options(20, 1.0), START);
    let id = fleet.phones().next().unwrap().id.clone();
    change(&mut fleet, &id, json!({"status": "starting"}));
    fleet.advance(hours(100));
    assert_eq!(fleet.get(&id).unwrap().status, status::STARTING);
    change(&mut fleet, &id, json!({"frozen": false}));
    fleet.advance(hours(102));
    assert_ne!(fleet.get(&id).unwrap().status, status::STARTING);
}

#[test]
fn an_unknown_status_is_refused_in_a_sentence() {
    let mut fleet = SimulatedFleet::new(&options(1, 0.0), START);
    let mut change = |keys: Value| {
        fleet
            .create(None, keys.as_object().unwrap().clone())
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        change(json!({"status": "asleep"})).unwrap_err(),
        r#"status "asleep" is not known: give started, starting, shut_down, expired or a number"#
    );
    assert_eq!(change(json!({"status": 7})).unwrap().status, 7);
    assert!(
        change(json!({"state": 7}))
            .unwrap_err()
            .starts_with("unknown field `state`")
    );
    assert_eq!(
        change(json!({"serialNo": 7})).unwrap_err(),
        "serialNo cannot be changed"
    );
}
