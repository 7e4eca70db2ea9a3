//! Edits files and reloads them: by signal, over HTTP, or by changes of followed files.

use std::time::{Duration, Instant};

use fastrand::Rng;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::StatusCode;
use tokio::time::sleep;

use super::fixture::{Fixture, invalid_config};
use crate::support::http;

/// Milliseconds. Longer than two checks of followed files, since a change counts when two of them agree.
const FOLLOW_INTERVAL: u64 = 2500;

/// A file name, its valid content, and invalid content.
type FileEdit = (&'static str, String, String);

pub(super) struct Editor<'a> {
    pub(super) fixture: &'a Fixture,
    pub(super) url: &'a str,
    pub(super) pid: u32,
    pub(super) rng: Rng,
}

impl Editor<'_> {
    /// Edits and reloads until `end`, and returns the number of edits. The files are valid afterwards.
    pub(super) async fn run(mut self, end: Instant) -> u64 {
        let mut reloads = 0;
        while Instant::now() < end {
            match self.rng.u32(..6) {
                0 => self.reload_by_signal(),
                1 => assert_eq!(self.reload_by_http().await, StatusCode::OK),
                2 | 3 => self.reload_invalid().await,
                4 => self.edit_ids().await,
                _ => self.break_a_followed_file().await,
            }
            reloads += 1;
            sleep(Duration::from_millis(self.rng.u64(100..1000))).await;
        }
        reloads
    }

    fn reload_by_signal(&mut self) {
        self.configure();
        kill(Pid::from_raw(self.pid.try_into().unwrap()), Signal::SIGHUP).unwrap();
    }

    async fn reload_by_http(&mut self) -> StatusCode {
        self.configure();
        self.reload().await.0
    }

    fn configure(&mut self) {
        let config = self.fixture.random_config(&mut self.rng);
        self.fixture.write("geelark.yml", config);
    }

    async fn reload(&self) -> (StatusCode, String) {
        let response = http().post(format!("{}/-/reload", self.url)).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    }

    async fn reload_invalid(&mut self) {
        let config = self.fixture.random_config(&mut self.rng);
        let invalid = invalid_config(&config, &mut self.rng);
        self.fixture.write("geelark.yml", &invalid);
        let (status, sentences) = self.reload().await;
        let shown = String::from_utf8_lossy(&invalid);
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{sentences}\nabout\n{shown}");
        assert!(sentences.contains("geelark.yml"), "{sentences}\nabout\n{shown}");
        self.configure();
    }

    async fn edit_ids(&mut self) {
        let ids = self.fixture.ids(self.rng.bool());
        if self.rng.bool() {
            self.fixture.write("ids", &ids);
        } else {
            self.fixture.replace("ids", &ids);
        }
        self.pause().await;
    }

    /// Makes a followed file invalid for a moment. The exporter may or may not notice.
    async fn break_a_followed_file(&mut self) {
        let edits: [FileEdit; 5] = [
            ("ids", self.fixture.ids(true), "not one id\n".to_owned()),
            ("ids", self.fixture.ids(true), String::new()),
            ("token", "demo-token\n".to_owned(), "wrong-token\n".to_owned()),
            ("token", "demo-token\n".to_owned(), "\n".to_owned()),
            ("key", "demo-key\n".to_owned(), "wrong-key".to_owned()),
        ];
        let (file, valid, invalid) = &edits[self.rng.usize(..edits.len())];
        self.fixture.replace(file, invalid);
        self.pause().await;
        self.fixture.replace(file, valid);
    }

    async fn pause(&mut self) {
        sleep(Duration::from_millis(self.rng.u64(0..FOLLOW_INTERVAL))).await;
    }
}
