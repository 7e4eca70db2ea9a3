//! Whoever edits files and says so: by signal, over HTTP, or not at all where files are followed.

use std::time::{Duration, Instant};

use fastrand::Rng;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::StatusCode;
use tokio::time::sleep;

use super::scene::{Scene, bad};
use crate::support::http;

/// Longer than it takes until a followed file is looked at.
const NOTICED: u64 = 1500;

/// A file name's good content, and what is written there in between.
type Mishap = (&'static str, String, String);

pub(super) struct Editor<'a> {
    pub(super) scene: &'a Scene,
    pub(super) url: &'a str,
    pub(super) pid: u32,
    pub(super) rng: Rng,
}

impl Editor<'_> {
    /// Edits and reloads until `end`, and leaves everything good; returns how often it did.
    pub(super) async fn work(mut self, end: Instant) -> u64 {
        let mut reloads = 0;
        while Instant::now() < end {
            match self.rng.u32(..6) {
                0 => self.hang_up(),
                1 => assert_eq!(self.post().await, StatusCode::OK),
                2 | 3 => self.reload_bad().await,
                4 => self.let_visitors_come_or_go().await,
                _ => self.botch_a_followed_file().await,
            }
            reloads += 1;
            sleep(Duration::from_millis(self.rng.u64(100..1000))).await;
        }
        reloads
    }

    fn hang_up(&mut self) {
        self.configure();
        kill(Pid::from_raw(self.pid.try_into().unwrap()), Signal::SIGHUP).unwrap();
    }

    /// Reloads another good configuration over HTTP.
    async fn post(&mut self) -> StatusCode {
        self.configure();
        self.reload().await.0
    }

    fn configure(&mut self) {
        let config = self.scene.any(&mut self.rng);
        self.scene.write("geelark.yml", config);
    }

    async fn reload(&self) -> (StatusCode, String) {
        let response = http().post(format!("{}/-/reload", self.url)).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    }

    async fn reload_bad(&mut self) {
        let config = self.scene.any(&mut self.rng);
        let bad = bad(&config, &mut self.rng);
        self.scene.write("geelark.yml", &bad);
        let (status, sentences) = self.reload().await;
        let shown = String::from_utf8_lossy(&bad);
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{sentences}\nabout\n{shown}");
        assert!(sentences.contains("geelark.yml"), "{sentences}\nabout\n{shown}");
        self.configure();
    }

    async fn let_visitors_come_or_go(&mut self) {
        let ids = self.scene.ids(self.rng.bool());
        if self.rng.bool() {
            self.scene.write("ids", &ids);
        } else {
            self.scene.replace("ids", &ids);
        }
        self.pause().await;
    }

    /// Leaves a bad file for a moment, which may or may not be noticed.
    async fn botch_a_followed_file(&mut self) {
        let mishaps: [Mishap; 5] = [
            ("ids", self.scene.ids(true), "not one id\n".to_owned()),
            ("ids", self.scene.ids(true), String::new()),
            ("token", "demo-token\n".to_owned(), "wrong-token\n".to_owned()),
            ("token", "demo-token\n".to_owned(), "\n".to_owned()),
            ("key", "demo-key\n".to_owned(), "wrong-key".to_owned()),
        ];
        let (file, good, bad) = &mishaps[self.rng.usize(..mishaps.len())];
        self.scene.replace(file, bad);
        self.pause().await;
        self.scene.replace(file, good);
    }

    async fn pause(&mut self) {
        sleep(Duration::from_millis(self.rng.u64(0..NOTICED))).await;
    }
}
