//! Clients of every kind. Each scrape that is taken to its end is checked by all that is always true of one.

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

use super::scene::Scene;
use crate::prometheus::promtool;
use crate::support::{Samples, http};

/// How often promtool looks at a scrape.
const PROMTOOL_EVERY: Duration = Duration::from_secs(10);

/// What no phone is called: the simulator's faults write it.
const UNTRUE: [&str; 2] = ["stranger", " (again)"];

const STATUSES: [&str; 4] = ["started", "starting", "shut_down", "expired"];

/// Reads scrapes in the order they were made, so that counters can be compared.
pub(super) struct Reader<'a> {
    pub(super) scene: &'a Scene,
    pub(super) url: &'a str,
    pub(super) rng: Rng,
    before: BTreeMap<String, f64>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(scene: &'a Scene, url: &'a str, rng: Rng) -> Self {
        Self {
            scene,
            url,
            rng,
            before: BTreeMap::new(),
        }
    }

    /// Scrapes as Prometheus does, until `end`; returns how often.
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

    /// Scrapes over and over again, taking little at a time.
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

    /// Begins requests and loses interest; sends what is no request; asks for pages. Returns how often.
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
                    // While an account is new the exporter is not ready.
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
        // Either side may be the first to hang up.
        if connection.write_all(request).await.is_ok() {
            let mut piece = vec![0; self.rng.usize(1..20_000)];
            let reading = connection.read(&mut piece);
            let _ = tokio::time::timeout(Duration::from_millis(self.rng.u64(..100)), reading).await;
        }
        if self.rng.bool() {
            // Not a goodbye but a reset.
            connection.set_zero_linger().unwrap();
        }
    }

    /// A connection with a small window, so that little is on the way.
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
        for sample in samples.iter().filter(|sample| sample.rises) {
            let (id, account) = (sample.labels.get("id"), sample.labels.get("account"));
            if !self.scene.comes_and_goes(id, account) {
                now.insert(format!("{}{:?}", sample.name, sample.labels), sample.value);
            }
        }
        for (series, value) in &now {
            let before = self.before.get(series).unwrap_or(&0.0);
            assert!(value >= before, "{series} fell from {before} to {value}");
        }
        self.before = now;
    }

    /// No phone is shown twice, under another's account, with a status or name it never had, or as found and missing at
    /// once; and what is counted is what is shown.
    fn check_phones(&self, samples: &Samples) {
        let mut counted: BTreeMap<(&str, &str), f64> = BTreeMap::new();
        let mut accounts = BTreeMap::new();
        for info in samples.of("phone_info") {
            let (id, account) = (&info.labels["id"], info.labels["account"].as_str());
            assert_eq!(self.scene.accounts.get(id), Some(&account), "{info:?}");
            assert_eq!(accounts.insert(id, account), None, "{info:?} is the second of this id");
        }
        let mut shown = BTreeMap::new();
        for phone in samples.of("phone_status") {
            let (id, name) = (&phone.labels["id"], &phone.labels["serial_name"]);
            assert!(UNTRUE.iter().all(|untrue| !name.ends_with(untrue)), "{phone:?}");
            let status = STATUSES
                .iter()
                .zip(0_i8..)
                .find(|(_, code)| phone.value == f64::from(*code));
            let (status, _) = status.unwrap_or_else(|| panic!("{phone:?} has a status that no phone has"));
            assert_eq!(shown.insert(id, phone), None, "{phone:?} is the second of this id");
            *counted.entry((accounts[id], status)).or_default() += 1.0;
        }
        for phone in samples.of("phone_not_found") {
            let id = &phone.labels["id"];
            assert!(!shown.contains_key(id), "{id} is found and not found");
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

/// The content of one gzip member with nothing behind it.
fn unzipped(body: &[u8]) -> Vec<u8> {
    let (mut decoder, mut text) = (GzDecoder::new(body), Vec::new());
    decoder.read_to_end(&mut text).unwrap();
    assert!(decoder.into_inner().is_empty(), "something follows the gzip member");
    text
}
