//! Clients of several kinds. Each complete scrape is checked for everything that must hold in any scrape.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fastrand::Rng;
use flate2::bufread::GzDecoder;
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::fixture::Fixture;
use crate::prometheus::promtool;
use crate::support::{Samples, http};

/// The time between two checks by promtool.
const PROMTOOL_EVERY: Duration = Duration::from_secs(10);

/// Endings of names that only the simulator's faults write.
const FALSE_NAMES: [&str; 2] = ["stranger", " (again)"];

const STATUSES: [&str; 4] = ["started", "starting", "shut_down", "expired"];

/// Scrapes one after the other, so that it can compare counters.
pub(super) struct Client<'a> {
    pub(super) fixture: &'a Fixture,
    pub(super) url: &'a str,
    pub(super) rng: Rng,
    before: BTreeMap<String, f64>,
}

impl<'a> Client<'a> {
    pub(super) fn new(fixture: &'a Fixture, url: &'a str, rng: Rng) -> Self {
        Self {
            fixture,
            url,
            rng,
            before: BTreeMap::new(),
        }
    }

    /// Scrapes as Prometheus does until `end`, and returns the number of scrapes.
    pub(super) async fn scrape(mut self, encoding: &str, end: Instant) -> u64 {
        let client = http();
        let mut scrapes = 0;
        let mut promtool_at = Instant::now();
        while Instant::now() < end {
            let request = client.get(format!("{}/metrics", self.url));
            let response = request.header("accept-encoding", encoding).send().await.unwrap();
            assert_eq!(response.status(), 200);
            let is_gzip = response.headers().contains_key("content-encoding");
            assert_eq!(is_gzip, encoding == "gzip");
            let body = response.bytes().await.unwrap();
            let text = if is_gzip { unzipped(&body) } else { body.into() };
            self.check(&String::from_utf8(text.clone()).unwrap());
            scrapes += 1;
            if Instant::now() >= promtool_at {
                let text = String::from_utf8(text).unwrap();
                assert_eq!(promtool(&text).await, (Some(0), String::new()), "{text}");
                promtool_at += PROMTOOL_EVERY;
            }
            self.pause(300).await;
        }
        scrapes
    }

    /// Scrapes until `end` in small reads with pauses, and returns the number of scrapes.
    pub(super) async fn scrape_slowly(mut self, end: Instant) -> u64 {
        let mut scrapes = 0;
        while Instant::now() < end {
            let mut connection = self.connect().await;
            let request = b"GET /metrics HTTP/1.1\r\nHost: exporter\r\nConnection: close\r\n\r\n";
            connection.write_all(request).await.unwrap();
            let (mut response, mut piece) = (Vec::new(), [0; 8192]);
            loop {
                match connection.read(&mut piece).await.unwrap() {
                    0 => break,
                    length => response.extend_from_slice(&piece[..length]),
                }
                self.pause(60).await;
            }
            let response = String::from_utf8(response).unwrap();
            let (head, body) = response.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
            self.check(body);
            scrapes += 1;
        }
        scrapes
    }

    /// Aborts requests, sends random bytes and requests other pages until `end`. Returns the number of requests.
    pub(super) async fn misbehave(mut self, end: Instant) -> u64 {
        let client = http();
        let mut requests = 0;
        while Instant::now() < end {
            match self.rng.u32(..4) {
                0 => self.abort(b"GET /metrics HTTP/1.1\r\nHost: exporter\r\n\r\n").await,
                1 => self.abort(b"GET /metrics HTTP/1.1\r\nHost: exp").await,
                2 => {
                    let noise: Vec<u8> = (0..self.rng.usize(1..20_000)).map(|_| self.rng.u8(..)).collect();
                    self.abort(&noise).await;
                }
                _ => {
                    // The exporter is not ready while an account waits for its first round.
                    let pages: [(&str, &[u16]); 4] = [
                        ("/", &[200]),
                        ("/-/healthy", &[200]),
                        ("/-/ready", &[200, 503]),
                        ("/nothing", &[404]),
                    ];
                    for (path, allowed) in pages {
                        let response = client.get(format!("{}{path}", self.url)).send().await.unwrap();
                        assert!(allowed.contains(&response.status().as_u16()), "{path}: {response:?}");
                    }
                }
            }
            requests += 1;
            self.pause(200).await;
        }
        requests
    }

    async fn abort(&mut self, request: &[u8]) {
        let mut connection = self.connect().await;
        // Either side may close the connection first.
        if connection.write_all(request).await.is_ok() {
            let mut piece = vec![0; self.rng.usize(1..20_000)];
            let reading = connection.read(&mut piece);
            let _ = tokio::time::timeout(Duration::from_millis(self.rng.u64(..100)), reading).await;
        }
        if self.rng.bool() {
            // Resets the connection instead of closing it.
            connection.set_zero_linger().unwrap();
        }
    }

    /// Opens a connection with a small receive window, so that the server has to wait for the client.
    async fn connect(&self) -> TcpStream {
        let address: SocketAddr = self.url.strip_prefix("http://").unwrap().parse().unwrap();
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        socket.set_nonblocking(true).unwrap();
        let socket = tokio::net::TcpSocket::from_std_stream(socket.into());
        socket.connect(address).await.unwrap()
    }

    async fn pause(&mut self, longest: u64) {
        sleep(Duration::from_millis(self.rng.u64(..longest))).await;
    }

    fn check(&mut self, text: &str) {
        let samples = Samples::parse(text);
        self.check_phones(&samples);
        let mut now = BTreeMap::new();
        for sample in samples.iter().filter(|sample| sample.is_monotonic) {
            let (id, account) = (sample.labels.get("id"), sample.labels.get("account"));
            if !self.fixture.may_restart(id, account) {
                now.insert(format!("{}{:?}", sample.name, sample.labels), sample.value);
            }
        }
        for (series, value) in &now {
            let before = self.before.get(series).unwrap_or(&0.0);
            assert!(value >= before, "{series} fell from {before} to {value}");
        }
        self.before = now;
    }

    /// Asserts that each phone occurs once, under its account, with a status and a name that the simulator gave it; that no
    /// phone has a status and is not found; and that the counts match the series.
    fn check_phones(&self, samples: &Samples) {
        let mut counted: BTreeMap<(&str, &str), f64> = BTreeMap::new();
        let mut accounts = BTreeMap::new();
        for info in samples.of("phone_info") {
            let (id, account) = (&info.labels["id"], info.labels["account"].as_str());
            assert_eq!(self.fixture.accounts.get(id), Some(&account), "{info:?}");
            assert_eq!(accounts.insert(id, account), None, "{info:?} occurs twice");
        }
        let mut shown = BTreeMap::new();
        for phone in samples.of("phone_status") {
            let (id, name) = (&phone.labels["id"], &phone.labels["serial_name"]);
            assert!(FALSE_NAMES.iter().all(|ending| !name.ends_with(ending)), "{phone:?}");
            let status = STATUSES
                .iter()
                .zip(0_i8..)
                .find(|(_, code)| phone.value == f64::from(*code));
            let (status, _) = status.unwrap_or_else(|| panic!("{phone:?} has an unknown status"));
            assert_eq!(shown.insert(id, phone), None, "{phone:?} occurs twice");
            *counted.entry((accounts[id], status)).or_default() += 1.0;
        }
        for phone in samples.of("phone_not_found") {
            let id = &phone.labels["id"];
            assert!(!shown.contains_key(id), "{id} has a status and is not found");
            *counted.entry((accounts[id], "not_found")).or_default() += 1.0;
        }
        let mut all: BTreeMap<&str, f64> = BTreeMap::new();
        for count in samples.of("geelark_phones") {
            let (account, status) = (count.labels["account"].as_str(), count.labels["status"].as_str());
            if status != "stale" {
                let counted = counted.remove(&(account, status)).unwrap_or_default();
                assert_eq!(count.value, counted, "{count:?}");
            }
            *all.entry(account).or_default() += count.value;
        }
        for (account, all) in all {
            let infos = accounts.values().filter(|of| **of == account).count();
            assert_eq!(all, infos as f64, "phones of {account}");
        }
    }
}

/// Decompresses exactly one gzip member.
fn unzipped(body: &[u8]) -> Vec<u8> {
    let (mut decoder, mut text) = (GzDecoder::new(body), Vec::new());
    decoder.read_to_end(&mut text).unwrap();
    assert!(decoder.into_inner().is_empty(), "bytes follow the gzip member");
    text
}
