//! Who takes part: three accounts with an upstream each, the folder with their files, and what the configuration may say.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use fastrand::Rng;

use crate::support::{Launch, Upstream};

/// An id that its upstream may refuse stands here in every account.
const CULPRIT: usize = 7;

/// So many of the first account's phones come and go.
const VISITORS: usize = 20;

/// The account that comes and goes.
pub(super) const GUEST: &str = "guest";

pub(super) struct Scene {
    /// Of the accounts `first`, `second` and [`GUEST`].
    pub(super) upstreams: [Upstream; 3],
    /// Whose each id is.
    pub(super) accounts: HashMap<String, &'static str>,
    pub(super) folder: PathBuf,
}

impl Scene {
    /// Upstreams that live fast, and an exporter to be started.
    pub(super) async fn open(seed: u64) -> (Self, Launch) {
        let mut upstreams = Vec::new();
        for (number, phones) in [(0, 250), (1, 120), (2, 30)] {
            // Ten hours a minute; the seeds differ, so that no id is in two accounts.
            let (phones, seed) = (format!("--phones={phones}"), format!("--seed={}", seed + number));
            upstreams.push(Upstream::start(&[&phones, "--missing=3", "--speed=600", &seed]).await);
        }
        let upstreams: [Upstream; 3] = upstreams.try_into().ok().unwrap();
        let mut accounts = HashMap::new();
        for (upstream, account) in upstreams.iter().zip(["first", "second", GUEST]) {
            accounts.extend(upstream.ids.iter().map(|id| (id.clone(), account)));
        }
        let launch = Launch::configured("").arg("--web.enable-lifecycle");
        let scene = Self {
            upstreams,
            accounts,
            folder: launch.path(""),
        };
        scene.write("token", "demo-token\n");
        scene.write("key", "demo-key\n");
        scene.write("second-ids", scene.upstreams[1].ids.join("\n"));
        scene.write("ids", scene.ids(true));
        scene.write("geelark.yml", scene.calm());
        (scene, launch)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file in place, as an editor does.
    pub(super) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Puts a file into place whole.
    pub(super) fn replace(&self, name: &str, text: &str) {
        self.write("new", text);
        fs::rename(self.path("new"), self.path(name)).unwrap();
    }

    /// The first account's list of ids.
    pub(super) fn ids(&self, visitors: bool) -> String {
        let ids = &self.upstreams[0].ids;
        let staying = if visitors { ids.len() } else { ids.len() - VISITORS };
        ids[..staying].join("\n")
    }

    /// The id that the upstream `number` may refuse.
    pub(super) fn culprit(&self, number: usize) -> &str {
        &self.upstreams[number].ids[CULPRIT]
    }

    /// Phones that left and came back are counted anew, and so is the account that did.
    pub(super) fn comes_and_goes(&self, id: Option<&String>, account: Option<&String>) -> bool {
        let ids = &self.upstreams[0].ids;
        account.is_some_and(|account| account == GUEST)
            || id.is_some_and(|id| self.accounts[id] == GUEST || ids[ids.len() - VISITORS..].contains(id))
    }

    /// A configuration with everybody in it and time enough for every call.
    pub(super) fn calm(&self) -> String {
        let more = "poll: {interval: 1s, timeout: 1s, transient_interval: 1s, stale_after: 10s}, \
                    budget: {requests_per_minute: 6000, max_in_flight: 4}";
        self.config(more, Some(1))
    }

    /// Some valid configuration.
    pub(super) fn any(&self, rng: &mut Rng) -> String {
        let more = format!(
            "poll: {{interval: {}ms, timeout: {}ms, transient_interval: {}s, stale_after: {}s}}, \
             budget: {{requests_per_minute: {}, max_in_flight: {}}}",
            rng.u32(1000..2000),
            rng.u32(300..1000),
            rng.u32(1..5),
            rng.u32(3..20),
            rng.u32(600..6000),
            rng.u32(1..9),
        );
        let guest = rng.bool().then(|| rng.u32(1..5));
        self.config(&more, guest)
    }

    /// With the guest, whose phones are looked for every so many seconds, or without.
    fn config(&self, more: &str, guest: Option<u32>) -> String {
        let [first, second, third] = &self.upstreams;
        let mut accounts = vec![
            format!(
                "name: first, base_url: '{}', token_file: token, phones: {{files: [ids]}}",
                first.url
            ),
            format!(
                "name: second, base_url: '{}', app_id: demo-app, api_key_file: key, phones: {{files: [second-ids]}}",
                second.url
            ),
        ];
        if let Some(seconds) = guest {
            accounts.push(format!(
                "name: {GUEST}, base_url: '{}', token: demo-token, \
                 phones: {{discovery: {{refresh_interval: {seconds}s}}}}",
                third.url
            ));
        }
        let accounts: Vec<String> = accounts
            .iter()
            .map(|account| format!("{{{account}, {more}}}"))
            .collect();
        format!("state: {{path: state}}\naccounts:\n  - {}\n", accounts.join("\n  - "))
    }
}

/// What the exporter cannot run by.
pub(super) fn bad(good: &str, rng: &mut Rng) -> Vec<u8> {
    match rng.u32(..7) {
        // Half-written, and not by chance between two accounts.
        0 => good[..rng.usize(1..good.len())].trim_end_matches(['\n', '}']).into(),
        1 => good.replace("interval", "intervall").into(),
        2 => good.replace("token_file: token", "token_file: nowhere").into(),
        3 => b"\xff\xfe\x00accounts".into(),
        4 => "[".repeat(10_000).into(),
        5 => Vec::new(),
        _ => (0..1000).map(|_| rng.u8(..)).collect(),
    }
}
