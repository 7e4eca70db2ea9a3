//! The fixture of the soak test: three accounts with a simulator each, their files, and random configurations.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use fastrand::Rng;

use crate::support::{Launch, Upstream};

/// The index, in each account, of the id that its simulator may reject.
const INVALID_ID: usize = 7;

/// The number of phones that edits of the first account's id file remove and add.
const REMOVABLE_PHONES: usize = 20;

/// The account that reloads remove and add.
pub(super) const THIRD: &str = "third";

pub(super) struct Fixture {
    /// Of the accounts `first`, `second` and [`THIRD`].
    pub(super) upstreams: [Upstream; 3],
    /// The account of each id.
    pub(super) accounts: HashMap<String, &'static str>,
    pub(super) folder: PathBuf,
}

impl Fixture {
    /// Simulators with accelerated fleets, and an exporter to start.
    pub(super) async fn open(seed: u64) -> (Self, Launch) {
        let mut upstreams = Vec::new();
        for (number, phones) in [(0, 250), (1, 120), (2, 30)] {
            // Ten simulated hours pass in a minute. The seeds differ, so no id is in two accounts.
            let (phones, seed) = (format!("--phones={phones}"), format!("--seed={}", seed + number));
            upstreams.push(Upstream::start(&[&phones, "--missing=3", "--speed=600", &seed]).await);
        }
        let upstreams: [Upstream; 3] = upstreams.try_into().ok().unwrap();
        let mut accounts = HashMap::new();
        for (upstream, account) in upstreams.iter().zip(["first", "second", THIRD]) {
            accounts.extend(upstream.ids.iter().map(|id| (id.clone(), account)));
        }
        let launch = Launch::configured("").arg("--web.enable-lifecycle");
        let fixture = Self {
            upstreams,
            accounts,
            folder: launch.path(""),
        };
        fixture.write("token", "demo-token\n");
        fixture.write("key", "demo-key\n");
        fixture.write("second-ids", fixture.upstreams[1].ids.join("\n"));
        fixture.write("ids", fixture.ids(true));
        fixture.write("geelark.yml", fixture.default_config());
        (fixture, launch)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file in place, as an editor does.
    pub(super) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Replaces a file atomically.
    pub(super) fn replace(&self, name: &str, text: &str) {
        self.write("new", text);
        fs::rename(self.path("new"), self.path(name)).unwrap();
    }

    /// The first account's ids, with or without the removable ones.
    pub(super) fn ids(&self, complete: bool) -> String {
        let ids = &self.upstreams[0].ids;
        let staying = if complete {
            ids.len()
        } else {
            ids.len() - REMOVABLE_PHONES
        };
        ids[..staying].join("\n")
    }

    /// The id that the simulator `number` may reject.
    pub(super) fn invalid_id(&self, number: usize) -> &str {
        &self.upstreams[number].ids[INVALID_ID]
    }

    /// Whether a reload may remove and add the series. Its counters then start at zero again.
    pub(super) fn may_restart(&self, id: Option<&String>, account: Option<&String>) -> bool {
        let ids = &self.upstreams[0].ids;
        account.is_some_and(|account| account == THIRD)
            || id.is_some_and(|id| self.accounts[id] == THIRD || ids[ids.len() - REMOVABLE_PHONES..].contains(id))
    }

    /// A configuration with all accounts and long timeouts.
    pub(super) fn default_config(&self) -> String {
        let more = "poll: {interval: 1s, timeout: 1s, transient_interval: 1s, stale_after: 10s}, \
                    budget: {requests_per_minute: 6000, max_in_flight: 4}";
        self.config(more, Some(1))
    }

    /// A random valid configuration.
    pub(super) fn random_config(&self, rng: &mut Rng) -> String {
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
        let refresh = rng.bool().then(|| rng.u32(1..5));
        self.config(&more, refresh)
    }

    /// A configuration of the first two accounts, and of the third with this refresh interval of its discovery, in seconds.
    fn config(&self, more: &str, refresh: Option<u32>) -> String {
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
        if let Some(seconds) = refresh {
            accounts.push(format!(
                "name: {THIRD}, base_url: '{}', token: demo-token, \
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

/// An invalid configuration.
pub(super) fn invalid_config(good: &str, rng: &mut Rng) -> Vec<u8> {
    match rng.u32(..7) {
        // Cut off, but not at the end of an account, where the rest is valid.
        0 => good[..rng.usize(1..good.len())].trim_end_matches(['\n', '}']).into(),
        1 => good.replace("interval", "intervall").into(),
        2 => good.replace("token_file: token", "token_file: nowhere").into(),
        3 => b"\xff\xfe\x00accounts".into(),
        4 => "[".repeat(10_000).into(),
        5 => Vec::new(),
        _ => (0..1000).map(|_| rng.u8(..)).collect(),
    }
}
