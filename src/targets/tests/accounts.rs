//! Several accounts that find the same phones.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_phone_of_two_accounts_goes_to_the_first_and_is_never_granted_to_both() {
    let ownership = Ownership::default();
    let [first, second] = [Upstream::of(3), Upstream::of(5)];
    // The second account finds them long before the first.
    let mut later = Fixture::set(&second, Setting::default(), &ownership, "second");
    assert_eq!(later.next().await.len(), 5);
    later.at(Duration::from_mins(1)).await;
    let mut earlier = Fixture::set(&first, Setting::default(), &ownership, "first");
    ownership.set_order(&["first".into(), "second".into()]);
    assert_eq!(earlier.next().await, [""; 0], "the second account may still show them");
    assert_eq!(later.next().await, [item(3).id, item(4).id]);
    assert_eq!(earlier.next().await, first.ids());
}

#[tokio::test(start_paused = true)]
async fn a_phone_that_moves_to_another_account_is_watched_there() {
    let ownership = Ownership::default();
    let [first, second] = [Upstream::of(3), Upstream::of(0)];
    let mut from = Fixture::set(&first, Setting::default(), &ownership, "first");
    let mut to = Fixture::set(&second, Setting::default(), &ownership, "second");
    ownership.set_order(&["first".into(), "second".into()]);
    from.next().await;
    to.next().await;
    from.at(REFRESH / 2).await;
    let moved = item(2).id;
    first.change(|list| list.truncate(2));
    second.change(|list| list.push(item(2)));
    assert_eq!(from.next().await.len(), 2);
    let taken = timeout(REFRESH * 3, async {
        while to.ids() != [moved.as_str()] {
            to.next().await;
        }
    });
    taken.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn configured_phones_are_owned_before_any_list_is_read() {
    let ownership = Ownership::default();
    let setting = Setting {
        configured: vec!["000001".into()],
        ..Setting::default()
    };
    let owner = Fixture::set(&Upstream::of(0), setting, &ownership, "first");
    let mut other = Fixture::set(&Upstream::of(3), Setting::default(), &ownership, "second");
    ownership.set_order(&["first".into(), "second".into()]);
    assert_eq!(owner.ids(), ["000001"]);
    assert_eq!(other.next().await, ["000000", "000002"]);
}

#[tokio::test(start_paused = true)]
async fn remembered_phones_are_owned_at_once_and_stay_until_the_list_says_otherwise() {
    let ownership = Ownership::default();
    let upstream = Upstream::of(2);
    upstream.twist(|envelope| *envelope = json!({"code": 40001}));
    let remembered = ["000000", "000009"].map(PhoneId::from).map(Target::from);
    let setting = Setting {
        remembered: remembered.to_vec(),
        ..Setting::default()
    };
    let mut fixture = Fixture::set(&upstream, setting, &ownership, "first");
    let other = ownership.account(&"second".into());
    other.publish(remembered.into());
    assert!(
        other.subscribe().borrow().is_empty(),
        "the first account shows them already"
    );
    assert_eq!(fixture.next().await, ["000000", "000009"]);
    fixture.at(Duration::from_secs(3)).await;
    assert_eq!(
        fixture.ids(),
        ["000000", "000009"],
        "a list that fails removes no phone"
    );
    upstream.untwist();
    assert_eq!(fixture.next().await, ["000000", "000001"]);
}
