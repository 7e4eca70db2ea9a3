//! How large the exporter's process is, looked at from outside.

use std::fs;
use std::time::{Duration, Instant};

use tokio::time::sleep;

/// How often the process is looked at.
const EVERY: Duration = Duration::from_millis(500);

/// What a process holds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Vitals {
    /// Resident memory in KiB.
    pub(super) memory: u64,
    pub(super) descriptors: usize,
    pub(super) threads: u64,
}

impl Vitals {
    pub(super) fn of(pid: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse().unwrap()
        };
        Self {
            memory: number("VmRSS:"),
            descriptors: fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count(),
            threads: number("Threads:"),
        }
    }

    fn most(self, other: Self) -> Self {
        Self {
            memory: self.memory.max(other.memory),
            descriptors: self.descriptors.max(other.descriptors),
            threads: self.threads.max(other.threads),
        }
    }
}

/// The most that the process held in each quarter of the time until `end`.
pub(super) async fn quarters(pid: u32, end: Instant) -> [Vitals; 4] {
    let start = Instant::now();
    let quarter = (end - start) / 4;
    let mut most = [Vitals::default(); 4];
    for (number, most) in (1..).zip(&mut most) {
        while Instant::now() < start + quarter * number {
            *most = most.most(Vitals::of(pid));
            sleep(EVERY).await;
        }
    }
    most
}
