//! What is in the file, and what is made of any other.

use proptest::prelude::*;

use super::*;

/// The format is a contract with later versions: a change here needs another number, and code that still reads this.
#[test]
fn the_file_has_exactly_this_text() {
    let expected = concat!(
        r#"{"format":2,"state":{"written":1700000123456,"accounts":[{"name":"main","credentials":"salt:1f2e","#,
        r#""gate":{"locked_until":1700007200000,"refused_until":null,"back_off_ms":15000,"is_half_open":true},"#,
        r#""round":{"up":true,"last_success":1700000110,"duration_ms":1500,"unanswered":2},"#,
        r#""discovery":{"last_success":1700000050,"phones":3},"#,
        r#""wallet":{"value":{"balance":12.34,"gift_balance":0.1,"time_addon":null},"until":1700000900000},"#,
        r#""plan":{"value":{"expires":1800000000,"profiles":null,"profiles_available":null,"monthly_rentals":null,"#,
        r#""monthly_rentals_available":null,"parallels":10,"monthly_fee":null},"until":1700001800000},"phones":["#,
        r#"["588732926036803641","手机 \"1\"\n📱",0,1,1700000000,0,1700000100250,"#,
        r#"["farm-a",1,"Android 13",null,"S9+","Deutschland",1800000000,false]],"#,
        r#"["588732926036803642",null,1,null,null,3,1700000100250,null],"#,
        r#"["588732926036803643",null,2,null,null,0,null,null]]}]},"#,
    );
    let text = String::from_utf8(text(&state())).unwrap();
    let (document, sum) = text.split_once('\n').unwrap();
    assert_eq!(document, expected);
    let crc = crc32fast::hash(format!("{expected}\n").as_bytes());
    assert_eq!(sum, format!("\"crc32\":\"{crc:08x}\"}}\n"));
    serde_json::from_str::<serde_json::Value>(&text).expect("any JSON reader can read it");
    assert_eq!(decode(text.as_bytes()).unwrap(), state());
}

#[test]
fn a_file_that_is_cut_off_is_damaged() {
    let whole = text(&state());
    for length in 0..whole.len() {
        assert!(decode(&whole[..length]).is_err(), "cut off after {length} bytes");
    }
    let longer = [&whole[..], b"\n"].concat();
    assert!(matches!(decode(&longer), Err(Damage::Torn)));
}

#[test]
fn a_file_with_a_flipped_bit_is_damaged() {
    let whole = text(&state());
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(decode(&flipped).is_err(), "bit {bit}");
    }
}

#[test]
fn a_foreign_file_and_another_format_are_told_apart() {
    for foreign in [
        "",
        "{}",
        "null",
        "[1]",
        "{\"format\":}",
        "{\"format\":0,\"state\":{}}",
        "{\"format\":2}",
    ] {
        assert!(matches!(decode(foreign.as_bytes()), Err(Damage::Foreign)), "{foreign}");
    }
    let other = decode(b"{\"format\":3,\"fleets\":[]}");
    assert!(matches!(other, Err(Damage::OtherFormat(3))));
    let whole = text(&state());
    assert!(matches!(decode(&whole[..whole.len() - 1]), Err(Damage::Torn)));
}

/// A file with these words in it and the right checksum.
fn forged(state: &str) -> Vec<u8> {
    let mut file = format!("{{\"format\":2,\"state\":{state},\n").into_bytes();
    let sum = crc32fast::hash(&file);
    file.extend(format!("\"crc32\":\"{sum:08x}\"}}\n").bytes());
    file
}

#[test]
fn a_file_with_a_correct_checksum_is_validated_too() {
    let good = String::from_utf8(text(&state())).unwrap();
    let good = good
        .strip_prefix("{\"format\":2,\"state\":")
        .and_then(|rest| Some(rest.split_once(",\n")?.0))
        .unwrap();
    assert_eq!(decode(&forged(good)).unwrap(), state());
    let row = "[\"588732926036803643\",null,2,null,null,0,null,null]";
    for (there, instead) in [
        (row, "[\"588732926036803643\",null,0,null,null,0,null,null]"),
        (row, "[\"588732926036803643\",null,1,2,1700000000,0,null,null]"),
        (row, "[\"588732926036803643\",null,2,2,null,0,null,null]"),
        (row, "[\"588732926036803643\",null,3,null,null,0,null,null]"),
        (row, "[\"588732926036803643\",null,2,null,null,-1,null,null]"),
        (row, "[\"588732926036803643\",null,2]"),
        (row, "[588732926036803643,null,2,null,null,0,null,null]"),
        (row, "{}"),
        ("\"up\":true", "\"up\":1"),
        ("\"up\":true", "\"up\":true,\"token\":\"t\""),
        ("\"written\":1700000123456,", ""),
    ] {
        let bad = good.replace(there, instead);
        assert_ne!(bad, good, "{there}");
        let said = decode(&forged(&bad));
        assert!(matches!(said, Err(Damage::Malformed { .. })), "{instead}: {said:?}");
    }
    let twice = good.replace("803643", "803642");
    assert!(matches!(decode(&forged(&twice)), Err(Damage::Twice)));
    let mut two = state();
    two.accounts.extend(state().accounts);
    assert!(matches!(decode(&text(&two)), Err(Damage::Twice)));
}

#[test]
fn an_error_does_not_repeat_the_content() {
    let bad = forged("{\"written\":\"a phone's name\"}");
    let said = decode(&bad).unwrap_err();
    assert_eq!(
        said.to_string(),
        "does not hold what a state file holds, at line 1, column 27"
    );
}

fn any_phone() -> impl Strategy<Value = (Phone, Option<UnixMillis>)> {
    let last = prop::option::of((any::<i64>(), any::<i64>()));
    let texts = (prop::option::of(any::<String>()), prop::option::of(any::<String>()));
    let details = (texts, prop::option::of(any::<i64>()), prop::option::of(any::<bool>()));
    (
        prop::option::of(any::<String>()),
        0u8..3,
        last,
        any::<u64>(),
        prop::option::of(any::<u64>()),
        prop::option::of(details),
    )
        .prop_map(|(name, freshness, last, not_found_total, answered, details)| {
            let last = last.map(|(code, since)| ObservedStatus {
                status: Status(code),
                since: UnixTime(since),
            });
            let (freshness, last) = match (freshness, last) {
                (0, Some(last)) => (Freshness::Fresh, Some(last)),
                (1, _) => (Freshness::NotFound, None),
                (_, last) => (Freshness::Stale, last),
            };
            let details = details.map(|((group, model), expires, task_running)| {
                Arc::new(PhoneDetails {
                    group: group.map(Arc::from),
                    model: model.map(Arc::from),
                    expires: expires.map(UnixTime),
                    task_running,
                    ..PhoneDetails::default()
                })
            });
            let phone = Phone {
                name: name.map(Arc::from),
                freshness,
                last,
                not_found_total,
                details,
                ..Phone::unseen("x".into())
            };
            (phone, answered.map(UnixMillis))
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_state_is_read_back_as_it_was_written(
        written in any::<u64>(),
        accounts in prop::collection::vec(prop::collection::vec(any_phone(), 0..150), 0..4),
        until in prop::option::of(any::<u64>()),
        balance in prop::option::of(prop::num::f64::NORMAL | prop::num::f64::ZERO),
    ) {
        let accounts = accounts.into_iter().enumerate().map(|(number, phones)| {
            let phones = phones.into_iter().enumerate().map(|(nth, (phone, at))| {
                (Phone { id: format!("{nth}").as_str().into(), ..phone }, at)
            });
            let mut account = account(&format!("account {number}"), phones);
            account.gate.refused_until = until.map(UnixMillis);
            let value = Wallet { balance, ..Wallet::default() };
            account.wallet = until.map(|until| Expiring { value, until: UnixMillis(until) });
            account
        });
        let state = State {
            written: UnixMillis(written),
            accounts: accounts.collect(),
        };
        prop_assert_eq!(decode(&text(&state)).unwrap(), state);
    }

    #[test]
    fn no_bytes_cause_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0usize..900) {
        prop_assert!(decode(&bytes).is_err());
        prop_assert!(decode(&forged(&String::from_utf8_lossy(&bytes))).is_err());
        let mut spliced = text(&state());
        spliced.truncate(cut);
        spliced.extend(&bytes);
        prop_assert!(decode(&spliced).is_err());
    }
}
