//! Bodies as bytes: chunks, lengths, one gzip member.

use super::*;

/// Enough batches for many chunks.
fn large() -> MetricsStore {
    showing((0..60).map(|batch| {
        view(
            "main",
            (0..100).map(|phone| {
                let id = format!("5887{:014}", (batch * 100 + phone) * 7_919_u64);
                fresh(
                    &id,
                    &format!("farm-{batch}-{phone}"),
                    i64::try_from(phone % 4).unwrap(),
                    1_700_000_000,
                )
            }),
        )
    }))
}

#[test]
fn chunks_are_about_64_kib() {
    for encoding in [Encoding::Plain, Encoding::Gzip] {
        let chunks: Vec<Bytes> = large().scrape(encoding).collect();
        assert!(chunks.len() > 2, "{encoding:?}");
        let (_, full) = chunks.split_last().unwrap();
        for chunk in full {
            assert!(
                (48 * 1024..=64 * 1024).contains(&chunk.len()),
                "{encoding:?}: {}",
                chunk.len()
            );
        }
    }
}

#[test]
fn gzip_and_plain_have_the_same_text() {
    let metrics_store = large();
    assert_eq!(
        steady(&text(&metrics_store, Encoding::Gzip)),
        steady(&text(&metrics_store, Encoding::Plain))
    );
}

#[test]
fn gzip_is_several_times_shorter() {
    let metrics_store = large();
    assert!(metrics_store.scrape(Encoding::Gzip).len() * 5 < metrics_store.scrape(Encoding::Plain).len());
}

#[test]
fn the_length_of_a_scrape_does_not_change_while_it_is_read() {
    let mut scrape = large().scrape(Encoding::Gzip);
    let len = scrape.len();
    scrape.next().unwrap();
    assert_eq!(scrape.len(), len);
}

#[test]
fn a_scrape_shows_the_state_of_the_time_when_it_began() {
    let metrics_store = metrics_store();
    let account_store = store_of(&metrics_store, &"main".into(), 1);
    metrics_store.set_accounts(vec![account_store.clone()]);
    account_store.update_batch(0, view("main", [fresh("1", "before", 0, 1)]));
    for encoding in [Encoding::Plain, Encoding::Gzip] {
        account_store.update_batch(0, view("main", [fresh("1", "before", 0, 1)]));
        let scrape = metrics_store.scrape(encoding);
        account_store.update_batch(0, view("main", [fresh("1", "much later", 2, 99)]));
        assert!(read(scrape, encoding).contains("before"));
    }
}

#[test]
fn a_very_long_name_is_rendered_whole() {
    let long = "\"".repeat(1 << 17);
    let metrics_store = showing([view("main", [fresh("1", &long, 0, 1), fresh("2", "b", 2, 1)])]);
    for encoding in [Encoding::Plain, Encoding::Gzip] {
        let families = parser::parse(&text(&metrics_store, encoding)).unwrap();
        let named: Vec<_> = families["phone_status"]
            .samples
            .keys()
            .map(|(_, labels)| labels["serial_name"].len())
            .collect();
        assert_eq!(named, [1 << 17, 1]);
    }
}
