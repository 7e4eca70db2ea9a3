//! Defaults and bounds, each with its reason. `docs/configuration.md` repeats them, and a test compares.

use std::ops::RangeInclusive;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

/// The international site; accounts of the Chinese one say so.
pub(super) const BASE_URL: &str = "https://openapi.geelark.com";

/// The name of the account that only the environment describes; it is a label value, so it is never to change.
pub(super) const ACCOUNT_NAME: &str = "default";

/// A phone left running bills by the minute, so a minute is how late one may learn of it.
pub(super) const INTERVAL: Duration = MINUTE;
/// Below a second even one batch would spend the documented limit alone; above a day nobody is watching.
pub(super) const INTERVALS: RangeInclusive<Duration> = SECOND..=Duration::from_hours(24);

/// A status call normally takes well under a second; ten times that is trouble, and a retry is better than more waiting.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
/// Below a tenth of a second no answer crosses an ocean; five minutes outlast every gateway on the way.
pub(super) const TIMEOUTS: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(5);

/// Five rounds at the default interval: one hiccup does not make gaps, an outage does not look like health for long.
pub(super) const STALE_AFTER: Duration = Duration::from_mins(5);
/// A status must outlive a few rounds that failed before it is taken back; the poller insists on as many.
pub(super) const STALE_INTERVALS: u32 = 3;
/// From the shortest interval to a week: an older status is history, which is Prometheus' to keep.
pub(super) const STALE_AFTERS: RangeInclusive<Duration> = SECOND..=Duration::from_hours(7 * 24);

/// A phone boots in half a minute to two minutes: so often is soon enough to see it, and four more calls a minute at most.
pub(super) const TRANSIENT_INTERVAL: Duration = Duration::from_secs(15);
/// Bounded like the interval itself.
pub(super) const TRANSIENT_INTERVALS: RangeInclusive<Duration> = INTERVALS;

/// Phones come and go less often than they start and stop, and a listing costs a call for every hundred phones.
pub(super) const REFRESH_INTERVAL: Duration = Duration::from_mins(10);
/// As often as phones may be asked about; over a day nobody would call it discovery.
pub(super) const REFRESH_INTERVALS: RangeInclusive<Duration> = INTERVALS;

/// Half of what GeeLark documents: the user's own automation spends from the same limit.
pub(super) const REQUESTS_PER_MINUTE: u64 = 100;
/// What GeeLark documents. More is for the simulator and for private gateways, so it is only warned about.
pub(super) const DOCUMENTED_REQUESTS_PER_MINUTE: u64 = 200;
/// Nothing can be learnt with no calls; beyond a million a minute it is a typing error.
pub(super) const REQUESTS: RangeInclusive<u64> = 1..=1_000_000;

/// Keeps a slow answer from stopping the round, and stays far from GeeLark's refusal of concurrency (47002).
pub(super) const MAX_IN_FLIGHT: u64 = 4;
/// GeeLark locks accounts that ask too much at once for two hours; no fleet needs more than 64 to spend its budget.
pub(super) const IN_FLIGHT: RangeInclusive<u64> = 1..=64;

/// What an account costs belongs on the dashboard of whoever runs phones. It takes 18 calls an hour, at endpoints with limits
/// of their own, and its failures are nobody else's.
pub(super) const BILLING_ENABLED: bool = true;

/// One process watches everything.
pub(super) const SHARDS: u64 = 1;
/// Every shard needs a call a minute of its own, and a thousand processes hold the largest fleet.
pub(super) const SHARD_COUNTS: RangeInclusive<u64> = 1..=1000;

/// A variable names a position in a list; a larger one is a slip, and would only reserve memory.
pub(super) const MAX_POSITION: usize = 999;

/// Two hundred times the largest sensible file without ids, and room for a million ids written inline.
pub(super) const CONFIG_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Ten million ids.
pub(super) const ID_FILE_BYTES: u64 = 256 * 1024 * 1024;
/// HTTP servers refuse larger headers anyway.
pub(super) const SECRET_FILE_BYTES: u64 = 16 * 1024;

const _: () = assert!(INTERVALS.end().as_secs() * STALE_INTERVALS as u64 <= STALE_AFTERS.end().as_secs());
