//! The cost of a scrape and of an updated batch: `cargo bench --bench exposition`.
//!
//! The goals in CPU time: a gzip scrape of 100,000 phones takes at most 2 times as long as a write of its bytes to a socket,
//! and a plain scrape at most 4 times. An update of a batch takes at most 60 µs if nothing changed, and at most 400 µs if
//! everything changed.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot open a socket fails")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use geelark_client::clock::UnixTime;
use geelark_client::phone::{BATCH_SIZE, PhoneId, Status};
use geelark_exporter::exposition::{AccountStore, Encoding, MetricsStore};
use geelark_exporter::fleet::{BatchView, Freshness, ObservedStatus, Phone};
use geelark_exporter::metrics::Registry;

const PHONES: usize = 100_000;

fn main() {
    divan::main();
}

/// A realistic batch: ids of 18 digits with a common prefix, numbered names, mixed statuses.
fn batch(number: usize, generation: i64) -> Arc<BatchView> {
    let mut random = fastrand::Rng::with_seed(number as u64);
    let phones = (0..BATCH_SIZE).map(|position| Phone {
        name: Some(format!("farm-{:06}", number * BATCH_SIZE + position).into()),
        freshness: Freshness::Fresh,
        last: Some(ObservedStatus {
            status: Status((random.i64(0..3) + generation) % 3),
            since: UnixTime(1_700_000_000 + random.i64(0..5_000_000) + generation * 60),
        }),
        ..Phone::unseen(PhoneId::from(
            format!("58{:016}", random.u64(0..10_u64.pow(16))).as_str(),
        ))
    });
    Arc::new(BatchView {
        account: "main".into(),
        phones: phones.collect(),
    })
}

/// The same batch with other names and counts, so that each line differs.
fn renamed(view: &BatchView) -> Arc<BatchView> {
    let mut view = view.clone();
    for phone in &mut view.phones {
        phone.name = phone.name.as_ref().map(|name| format!("{name}-b").into());
        phone.not_found_total += 1;
    }
    Arc::new(view)
}

fn fleet(phones: usize) -> (MetricsStore, AccountStore) {
    let store = MetricsStore::new(Registry::new(&[]));
    let views: Vec<_> = (0..phones / BATCH_SIZE).map(|number| batch(number, 0)).collect();
    let account = store.account(&"main".into());
    account.replace_batches(views.iter());
    store.set_accounts(vec![account.clone()]);
    (store, account)
}

#[divan::bench(args = [(Encoding::Gzip, 1_000), (Encoding::Plain, 1_000), (Encoding::Gzip, PHONES), (Encoding::Plain, PHONES)])]
fn scrape(bencher: Bencher<'_, '_>, (encoding, phones): (Encoding, usize)) {
    let (store, _) = fleet(phones);
    bencher
        .counter(BytesCount::new(store.scrape(encoding).len()))
        .bench(|| {
            for chunk in store.scrape(encoding) {
                black_box(chunk);
            }
        });
}

/// The reference: a write of a scrape's length to a loopback socket that a thread reads.
#[divan::bench(args = [Encoding::Gzip, Encoding::Plain])]
fn socket(bencher: Bencher<'_, '_>, encoding: Encoding) {
    let (store, _) = fleet(PHONES);
    let body: Vec<u8> = store.scrape(encoding).flatten().collect();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut writer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut reader, _) = listener.accept().unwrap();
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 20];
        while reader.read(&mut buffer).is_ok_and(|read| read > 0) {}
    });
    bencher
        .counter(BytesCount::new(body.len()))
        .bench_local(|| writer.write_all(&body).unwrap());
}

/// An answer without a change, in a new view.
#[divan::bench]
fn update_unchanged(bencher: Bencher<'_, '_>) {
    let (_store, account) = fleet(BATCH_SIZE);
    bencher
        .with_inputs(|| batch(0, 0))
        .bench_local_values(|view| account.update_batch(0, view));
}

/// A batch with one changed status.
#[divan::bench]
fn update_one_changed(bencher: Bencher<'_, '_>) {
    let (_store, account) = fleet(BATCH_SIZE);
    let mut generation = 0;
    bencher
        .with_inputs(|| {
            generation += 1;
            let mut view = (*batch(0, 0)).clone();
            view.phones[50] = batch(0, generation).phones[50].clone();
            Arc::new(view)
        })
        .bench_local_values(|view| account.update_batch(0, view));
}

/// A batch in which each status changed.
#[divan::bench]
fn update_every_status_changed(bencher: Bencher<'_, '_>) {
    let (_store, account) = fleet(BATCH_SIZE);
    let mut generation = 0;
    bencher
        .with_inputs(|| {
            generation += 1;
            batch(0, generation)
        })
        .bench_local_values(|view| account.update_batch(0, view));
}

/// A batch in which each line changed.
#[divan::bench]
fn update_wholly_changed(bencher: Bencher<'_, '_>) {
    let (_store, account) = fleet(BATCH_SIZE);
    let mut generation = 0;
    bencher
        .with_inputs(|| {
            generation += 1;
            let view = batch(0, generation);
            if generation % 2 == 0 { view } else { renamed(&view) }
        })
        .bench_local_values(|view| account.update_batch(0, view));
}
