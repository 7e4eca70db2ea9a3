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
fn gzip_and_plain_say_the_same() {
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
fn the_length_stays_that_of_the_whole_body_while_it_is_read() {
    let mut scrape = large().scrape(Encoding::Gzip);
    let len = scrape.len();
    scrape.next().unwrap();
    assert_eq!(scrape.len(), len);
}

#[test]
fn a_scrape_shows_what_was_there_when_it_was_made() {
    let metrics_store = metrics_store();
    let section = store_of(&metrics_store, &"main".into(), 1);
    metrics_store.set_accounts(vec![section.clone()]);
    section.update_batch(0, view("main", [fresh("1", "before", 0, 1)]));
    for encoding in [Encoding::Plain, Encoding::Gzip] {
        section.update_batch(0, view("main", [fresh("1", "before", 0, 1)]));
        let scrape = metrics_store.scrape(encoding);
        section.update_batch(0, view("main", [fresh("1", "much later", 2, 99)]));
        assert!(read(scrape, encoding).contains("before"));
    }
}

#[test]
fn a_very_long_name_spoils_nothing() {
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
