//! Defaults and bounds, each with its reason. `docs/configuration.md` repeats them, and a test compares.

use std::ops::RangeInclusive;
use std::time::Duration;

use config_file::ReadOptions;

use crate::poller::ROUNDS_UNTIL_STALE;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

/// The international site; accounts of the Chinese site configure theirs.
pub(super) const BASE_URL: &str = "https://openapi.geelark.com";

/// The name of the account that only the environment describes; it is a label value, so it must never change.
pub(super) const ACCOUNT_NAME: &str = "default";

/// A running phone is billed by the minute, so its status should be no older than a minute.
pub(super) const INTERVAL: Duration = MINUTE;
/// Below a second a single batch would use up the documented limit; above a day a status is useless.
pub(super) const INTERVALS: RangeInclusive<Duration> = SECOND..=Duration::from_hours(24);

/// A status call normally takes well under a second; ten times means a failure, and a retry is better than more waiting.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
/// Below a tenth of a second no response crosses an ocean; five minutes are longer than any gateway's timeout.
pub(super) const TIMEOUTS: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(5);

/// Five rounds at the default interval: one failure does not make gaps, and an outage shows soon.
pub(super) const STALE_AFTER: Duration = Duration::from_mins(5);
/// From the shortest interval to a week: Prometheus keeps older statuses.
pub(super) const STALE_AFTERS: RangeInclusive<Duration> = SECOND..=Duration::from_hours(7 * 24);

/// A phone boots in half a minute to two minutes: this interval shows the start, and costs four more calls a minute at most.
pub(super) const TRANSIENT_INTERVAL: Duration = Duration::from_secs(15);
/// Bounded like the interval itself.
pub(super) const TRANSIENT_INTERVALS: RangeInclusive<Duration> = INTERVALS;

/// Phones come and go less often than they start and stop, and a listing costs a call for every hundred phones.
pub(super) const REFRESH_INTERVAL: Duration = Duration::from_mins(10);
/// As often as phones may be asked about; above a day new phones would appear too late.
pub(super) const REFRESH_INTERVALS: RangeInclusive<Duration> = INTERVALS;

/// Half of what GeeLark documents: the user's own automation spends from the same limit.
pub(super) const REQUESTS_PER_MINUTE: u32 = 100;
/// What GeeLark documents. More is for the simulator and for private gateways, so it is only warned about.
pub(super) const DOCUMENTED_REQUESTS_PER_MINUTE: u32 = 200;
/// The exporter needs at least one call; more than a million a minute is a typing error.
pub(super) const REQUESTS: RangeInclusive<u32> = 1..=1_000_000;

/// Keeps a slow answer from stopping the round, and stays far from GeeLark's limit of concurrent calls (47002).
pub(super) const MAX_IN_FLIGHT: u32 = 4;
/// GeeLark locks accounts that ask too much at once for two hours; no fleet needs more than 64 to spend its budget.
pub(super) const IN_FLIGHT: RangeInclusive<u32> = 1..=64;

/// The cost of an account belongs on its dashboard. It takes 18 calls an hour, at endpoints with limits of their own, and
/// its failures affect nothing else.
pub(super) const BILLING_ENABLED: bool = true;

/// One process watches everything.
pub(super) const SHARDS: u32 = 1;
/// Every shard needs a call a minute of its own, and a thousand processes hold the largest fleet.
pub(super) const SHARD_COUNTS: RangeInclusive<u32> = 1..=1000;

/// Room for a million ids written inline. The deepest key is five levels down. The values are a million ids in the file, and as many again by aliases.
pub(super) const CONFIG_FILE: ReadOptions = ReadOptions {
    bytes: 64 * 1024 * 1024,
    depth: 32,
    values: 2_000_000,
    blank_is_absent: false,
};

/// Ten million ids.
pub(super) const ID_FILE_BYTES: u64 = 256 * 1024 * 1024;
/// HTTP servers refuse larger headers anyway.
pub(super) const SECRET_FILE_BYTES: u64 = 16 * 1024;

const _: () = assert!(INTERVALS.end().as_secs() * ROUNDS_UNTIL_STALE as u64 <= STALE_AFTERS.end().as_secs());
