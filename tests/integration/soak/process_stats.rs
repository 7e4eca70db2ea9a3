//! The memory, descriptors and threads of the exporter's process.

use std::fs;
use std::time::{Duration, Instant};

use tokio::time::sleep;

/// The time between two measurements.
const INTERVAL: Duration = Duration::from_millis(500);

/// The resources of a process.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ProcessStats {
    /// Resident memory in KiB.
    pub(super) memory: u64,
    pub(super) descriptors: usize,
    pub(super) threads: u64,
}

impl ProcessStats {
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

    fn max(self, other: Self) -> Self {
        Self {
            memory: self.memory.max(other.memory),
            descriptors: self.descriptors.max(other.descriptors),
            threads: self.threads.max(other.threads),
        }
    }
}

/// The maxima in each quarter of the time until `end`.
pub(super) async fn quarters(pid: u32, end: Instant) -> [ProcessStats; 4] {
    let start = Instant::now();
    let quarter = (end - start) / 4;
    let mut maxima = [ProcessStats::default(); 4];
    for (number, max) in (1..).zip(&mut maxima) {
        while Instant::now() < start + quarter * number {
            *max = max.max(ProcessStats::of(pid));
            sleep(INTERVAL).await;
        }
    }
    maxima
}
