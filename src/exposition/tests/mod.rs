//! The exposition seen from outside: boards are posted to, bodies are read.

mod bodies;
mod concurrency;
mod documentation;
mod exact;
mod own;
mod parser;
mod truth;

use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;
use flate2::read::{GzDecoder, MultiGzDecoder};

use super::*;
use crate::clock::UnixTime;
use crate::fleet::{BatchView, Phone, Seen, Standing};
use crate::phone::{PhoneId, Status};

const BUILD: BuildInfo = BuildInfo {
    version: "1.2.3",
    revision: "abc",
    rustc: "1.95.0",
};

fn board() -> Board {
    Board::new(BUILD)
}

fn view(account: &str, phones: impl IntoIterator<Item = Phone>) -> Arc<BatchView> {
    Arc::new(BatchView {
        account: account.into(),
        phones: phones.into_iter().collect(),
    })
}

fn fresh(id: &str, name: &str, status: i64, since: i64) -> Phone {
    Phone {
        name: Some(name.into()),
        standing: Standing::Fresh,
        last: Some(Seen {
            status: Status::from_code(status),
            since: UnixTime(since),
        }),
        ..Phone::unseen(PhoneId::from(id))
    }
}

/// A section of `batches` batches without phones.
fn section_of(board: &Board, account: &Arc<str>, batches: usize) -> Section {
    let section = board.section(account);
    section.rearrange(vec![view(account, []); batches].iter());
    section
}

/// A board that shows one account `main` with these batches.
fn showing(batches: impl IntoIterator<Item = Arc<BatchView>>) -> Board {
    let board = board();
    let batches: Vec<_> = batches.into_iter().collect();
    let section = section_of(&board, &"main".into(), batches.len());
    for (batch, view) in batches.into_iter().enumerate() {
        section.post(batch, view);
    }
    board.arrange(vec![section]);
    board
}

/// The text of a scrape, after checking all that must hold for any body.
fn read(scrape: Scrape, encoding: Encoding) -> String {
    let len = scrape.len();
    let chunks: Vec<Bytes> = scrape.collect();
    assert!(
        chunks.iter().all(|chunk| !chunk.is_empty()),
        "an empty chunk ends a body early"
    );
    let body = chunks.concat();
    assert_eq!(body.len() as u64, len, "the length was announced wrongly");
    let body = match encoding {
        Encoding::Plain => body,
        Encoding::Gzip => gunzip(&body),
    };
    String::from_utf8(body).unwrap()
}

/// Unpacks what must be exactly one gzip member.
fn gunzip(body: &[u8]) -> Vec<u8> {
    let (mut one, mut all) = (Vec::new(), Vec::new());
    let mut rest = body;
    GzDecoder::new(&mut rest).read_to_end(&mut one).unwrap();
    assert!(rest.is_empty(), "{} bytes follow the member", rest.len());
    MultiGzDecoder::new(body).read_to_end(&mut all).unwrap();
    assert_eq!(one, all);
    one
}

fn text(board: &Board, encoding: Encoding) -> String {
    read(board.scrape(encoding), encoding)
}

/// The part that does not change from scrape to scrape: all before what the process says of itself.
fn steady(text: &str) -> &str {
    &text[..text.find("# HELP process_").unwrap()]
}
