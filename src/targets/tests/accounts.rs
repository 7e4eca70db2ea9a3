//! Several accounts that find the same phones.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_phone_of_two_accounts_is_the_firsts_and_is_handed_over_without_ever_being_both() {
    let ownership = Ownership::new();
    let [first, second] = [Upstream::of(3), Upstream::of(5)];
    // The second account is there long before the first.
    let mut later = Scene::set(&second, Setting::default(), ownership.account(1));
    assert_eq!(later.next().await.len(), 5);
    later.at(Duration::from_mins(1)).await;
    let mut earlier = Scene::set(&first, Setting::default(), ownership.account(0));
    assert_eq!(earlier.next().await, [""; 0], "they are still shown");
    assert_eq!(later.next().await, [item(3).id, item(4).id]);
    let given_up = Instant::now();
    assert_eq!(earlier.next().await, first.ids());
    let gap = given_up.elapsed();
    assert!(gap >= ownership::LETTING_GO && gap < Duration::from_secs(30), "{gap:?}");
}

#[tokio::test(start_paused = true)]
async fn a_phone_that_moves_to_another_account_follows() {
    let ownership = Ownership::new();
    let [first, second] = [Upstream::of(3), Upstream::of(0)];
    let mut from = Scene::set(&first, Setting::default(), ownership.account(0));
    let mut to = Scene::set(&second, Setting::default(), ownership.account(1));
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
async fn configured_phones_are_claimed_before_anybody_looks() {
    let ownership = Ownership::new();
    let setting = Setting {
        configured: vec!["000001".into()],
        ..Setting::default()
    };
    let holder = Scene::set(&Upstream::of(0), setting, ownership.account(0));
    let mut other = Scene::set(&Upstream::of(3), Setting::default(), ownership.account(1));
    assert_eq!(holder.ids(), ["000001"]);
    assert_eq!(other.next().await, ["000000", "000002"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_remembered_is_claimed_at_once_and_stands_until_the_list_says_otherwise() {
    let ownership = Ownership::new();
    let upstream = Upstream::of(2);
    upstream.twist(|envelope| *envelope = json!({"code": 40001}));
    let remembered = ["000000", "000009"].map(PhoneId::from);
    let setting = Setting {
        remembered: remembered.iter().cloned().map(Target::from).collect(),
        ..Setting::default()
    };
    let mut scene = Scene::set(&upstream, setting, ownership.account(0));
    let other = ownership.account(1);
    let own = other.settle(&remembered, Instant::now().into_std()).own;
    assert!(own.is_empty(), "they are shown by the first already");
    assert_eq!(scene.next().await, ["000000", "000009"]);
    scene.at(Duration::from_secs(3)).await;
    assert_eq!(scene.ids(), ["000000", "000009"], "a list that fails takes nobody away");
    upstream.untwist();
    assert_eq!(scene.next().await, ["000000", "000001"]);
}
