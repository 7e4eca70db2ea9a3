//! The exporter's own metrics, definitions as data.

use std::borrow::Cow;

use super::catalog::{Kind, MetricInfo};

const fn declare(name: &'static str, kind: Kind, labels: &'static [&'static str], help: &'static str) -> MetricInfo {
    MetricInfo {
        name,
        kind,
        labels: Cow::Borrowed(labels),
        help,
    }
}

const ACCOUNT: &[&str] = &["account"];
const CALL: &[&str] = &["account", "endpoint"];

pub(super) const UP: MetricInfo = declare(
    "geelark_up",
    Kind::Gauge,
    ACCOUNT,
    "1 if the last round of polling got an answer from GeeLark for every batch of the account's phones, else 0. It is about \
     the exporter's own polling: a scrape never calls GeeLark.",
);
pub(super) const POLL_LAST_SUCCESS: MetricInfo = declare(
    "geelark_poll_last_success_timestamp_seconds",
    Kind::Gauge,
    ACCOUNT,
    "When the last round in which every batch was answered ended, in seconds since the Unix epoch; 0 before the first.",
);
pub(super) const POLL_LAST_DURATION: MetricInfo = declare(
    "geelark_poll_last_duration_seconds",
    Kind::Gauge,
    ACCOUNT,
    "How long the last round of polling took; calls are spread over the interval on purpose.",
);
pub(super) const POLL_INTERVAL: MetricInfo = declare(
    "geelark_poll_interval_seconds",
    Kind::Gauge,
    ACCOUNT,
    "Time from one round of polling to the next: the configured interval, or longer where the budget has too few calls for it.",
);
pub(super) const POLL_UNANSWERED: MetricInfo = declare(
    "geelark_poll_unanswered_phones",
    Kind::Gauge,
    ACCOUNT,
    "Configured ids that the last answers passed over, ids that GeeLark refuses as invalid included.",
);
pub(super) const API_REQUESTS: MetricInfo = declare(
    "geelark_api_requests_total",
    Kind::Counter,
    CALL,
    "Calls sent to GeeLark's API, retries included. Scrapes send none.",
);
pub(super) const API_FAILURES: MetricInfo = declare(
    "geelark_api_request_failures_total",
    Kind::Counter,
    &["account", "endpoint", "reason"],
    "Calls to GeeLark's API that brought no usable answer. The reason is GeeLark's code (field code of the answer), \
     http_ with an HTTP status, timeout, connect, tls, body or decode.",
);
pub(super) const API_DURATION: MetricInfo = declare(
    "geelark_api_request_duration_seconds",
    Kind::Histogram,
    CALL,
    "Time from sending a call to GeeLark's complete answer, refusals included. Calls without a complete answer are only counted.",
);
pub(super) const API_BUDGET: MetricInfo = declare(
    "geelark_api_budget_requests_per_minute",
    Kind::Gauge,
    ACCOUNT,
    "Calls the exporter may send in any 60 seconds with this account, as configured; with sharding, this shard's share.",
);
pub(super) const API_LOCKED_UNTIL: MetricInfo = declare(
    "geelark_api_locked_until_timestamp_seconds",
    Kind::Gauge,
    ACCOUNT,
    "Until when GeeLark has locked the account for too many calls (codes 40007, 40014, 40017, 47002), in seconds since the \
     Unix epoch; 0 without a lock. Nothing is called until then.",
);
pub(super) const DISCOVERY_LAST_SUCCESS: MetricInfo = declare(
    "geelark_discovery_last_success_timestamp_seconds",
    Kind::Gauge,
    ACCOUNT,
    "When the account's phones were last listed in full (/open/v1/phone/list), in seconds since the Unix epoch; 0 before the \
     first time. Absent without discovery.",
);
pub(super) const DISCOVERY_PHONES: MetricInfo = declare(
    "geelark_discovery_phones",
    Kind::Gauge,
    ACCOUNT,
    "How many phones discovery knows of (items of /open/v1/phone/list), configured ones among them included. Absent without \
     discovery.",
);
pub(super) const DISCOVERY_FAILURES: MetricInfo = declare(
    "geelark_discovery_failures_total",
    Kind::Counter,
    ACCOUNT,
    "Attempts to list the account's phones that failed or came back short, retries of single calls aside; the phones \
     known before stay. Absent without discovery.",
);
pub(super) const WALLET_BALANCE: MetricInfo = declare(
    "geelark_wallet_balance",
    Kind::Gauge,
    ACCOUNT,
    "Money in the account's wallet (field balance of /open/v1/pay/wallet). Absent while it could not be read lately, like all \
     of wallet and plan.",
);
pub(super) const WALLET_GIFT_BALANCE: MetricInfo = declare(
    "geelark_wallet_gift_balance",
    Kind::Gauge,
    ACCOUNT,
    "Gift money in the account's wallet (field giftMoney of /open/v1/pay/wallet).",
);
pub(super) const WALLET_TIME_ADDON: MetricInfo = declare(
    "geelark_wallet_time_addon_seconds",
    Kind::Gauge,
    ACCOUNT,
    "Running time bought ahead that is left (field availableTimeAddOn of /open/v1/pay/wallet, which counts minutes).",
);
pub(super) const PLAN_EXPIRATION: MetricInfo = declare(
    "geelark_plan_expiration_timestamp_seconds",
    Kind::Gauge,
    ACCOUNT,
    "When the account's plan ends, in seconds since the Unix epoch (field expirationTime of /open/v1/pay/plan/info); absent \
     for a plan without an end.",
);
pub(super) const PLAN_PROFILES: MetricInfo = declare(
    "geelark_plan_profiles",
    Kind::Gauge,
    ACCOUNT,
    "Phones that the plan has room for (field profiles of /open/v1/pay/plan/info).",
);
pub(super) const PLAN_PROFILES_AVAILABLE: MetricInfo = declare(
    "geelark_plan_profiles_available",
    Kind::Gauge,
    ACCOUNT,
    "Phones that may still be created (field availableProfiles of /open/v1/pay/plan/info).",
);
pub(super) const PLAN_MONTHLY_RENTALS: MetricInfo = declare(
    "geelark_plan_monthly_rentals",
    Kind::Gauge,
    ACCOUNT,
    "Phones rented by the month (field monthlyRental of /open/v1/pay/plan/info).",
);
pub(super) const PLAN_MONTHLY_RENTALS_AVAILABLE: MetricInfo = declare(
    "geelark_plan_monthly_rentals_available",
    Kind::Gauge,
    ACCOUNT,
    "Phones that may still be rented by the month (field availableMonthlyRentals of /open/v1/pay/plan/info).",
);
pub(super) const PLAN_PARALLELS: MetricInfo = declare(
    "geelark_plan_parallels",
    Kind::Gauge,
    ACCOUNT,
    "Phones that may run at once at no extra charge (field parallels of /open/v1/pay/plan/info).",
);
pub(super) const PLAN_MONTHLY_FEE: MetricInfo = declare(
    "geelark_plan_monthly_fee",
    Kind::Gauge,
    ACCOUNT,
    "What the plan costs a month (field monthlyFee of /open/v1/pay/plan/info).",
);
pub(super) const WEBHOOK_REQUESTS: MetricInfo = declare(
    "geelark_webhook_requests_total",
    Kind::Counter,
    &["account", "result"],
    "Requests to the account's webhook: accepted; ignored (of a type that is not used); forged, late, replayed (refused); \
     oversized; unreadable (not JSON).",
);
pub(super) const WEBHOOK_HINTS_DROPPED: MetricInfo = declare(
    "geelark_webhook_hints_dropped_total",
    Kind::Counter,
    ACCOUNT,
    "Phones that webhooks named and that are not asked about early, because too many were waiting; the next round asks.",
);
pub(super) const WEBHOOK_RELAY_FAILURES: MetricInfo = declare(
    "geelark_webhook_relay_failures_total",
    Kind::Counter,
    ACCOUNT,
    "Webhook requests that could not be handed on to relay_to, retries included in each.",
);
pub(super) const WEBHOOK_RELAY_DROPPED: MetricInfo = declare(
    "geelark_webhook_relay_dropped_total",
    Kind::Counter,
    ACCOUNT,
    "Webhook requests that were not handed on to relay_to because too many were waiting.",
);
pub(super) const BUILD_INFO: MetricInfo = declare(
    "geelark_exporter_build_info",
    Kind::Gauge,
    &["version", "revision", "rustc"],
    "1, with the exporter's version, the revision it was built from and the compiler's version.",
);
pub(super) const RELOAD_SUCCESSFUL: MetricInfo = declare(
    "geelark_exporter_config_last_reload_successful",
    Kind::Gauge,
    &[],
    "1 if the configuration was last read without a problem, else 0: then the one before is still in force.",
);
pub(super) const RELOAD_SUCCESS: MetricInfo = declare(
    "geelark_exporter_config_last_reload_success_timestamp_seconds",
    Kind::Gauge,
    &[],
    "When the configuration in force was read, in seconds since the Unix epoch.",
);
pub(super) const STATE_SUCCESSFUL: MetricInfo = declare(
    "geelark_exporter_state_last_write_successful",
    Kind::Gauge,
    &[],
    "1 if what is known was last written to state.path without a problem, else 0: then a restart would know less. Absent \
     without state.path.",
);
pub(super) const STATE_WRITTEN: MetricInfo = declare(
    "geelark_exporter_state_last_write_timestamp_seconds",
    Kind::Gauge,
    &[],
    "When this process last wrote to state.path without a problem, in seconds since the Unix epoch; 0 before the first time. \
     Absent without state.path.",
);

/// What the `prometheus` crate shows of the process, in its words: it declares these itself, a test compares.
const PROCESS: [MetricInfo; 7] = [
    declare(
        "process_cpu_seconds_total",
        Kind::Counter,
        &[],
        "Total user and system CPU time spent in seconds.",
    ),
    declare(
        "process_max_fds",
        Kind::Gauge,
        &[],
        "Maximum number of open file descriptors.",
    ),
    declare("process_open_fds", Kind::Gauge, &[], "Number of open file descriptors."),
    declare(
        "process_resident_memory_bytes",
        Kind::Gauge,
        &[],
        "Resident memory size in bytes.",
    ),
    declare(
        "process_start_time_seconds",
        Kind::Gauge,
        &[],
        "Start time of the process since unix epoch in seconds.",
    ),
    declare(
        "process_threads",
        Kind::Gauge,
        &[],
        "Number of OS threads in the process.",
    ),
    declare(
        "process_virtual_memory_bytes",
        Kind::Gauge,
        &[],
        "Virtual memory size in bytes.",
    ),
];

/// Every metric the exporter shows of itself.
pub(super) fn all() -> impl Iterator<Item = MetricInfo> {
    [
        UP,
        POLL_LAST_SUCCESS,
        POLL_LAST_DURATION,
        POLL_INTERVAL,
        POLL_UNANSWERED,
        API_REQUESTS,
        API_FAILURES,
        API_DURATION,
        API_BUDGET,
        API_LOCKED_UNTIL,
        DISCOVERY_LAST_SUCCESS,
        DISCOVERY_PHONES,
        DISCOVERY_FAILURES,
        WALLET_BALANCE,
        WALLET_GIFT_BALANCE,
        WALLET_TIME_ADDON,
        PLAN_EXPIRATION,
        PLAN_PROFILES,
        PLAN_PROFILES_AVAILABLE,
        PLAN_MONTHLY_RENTALS,
        PLAN_MONTHLY_RENTALS_AVAILABLE,
        PLAN_PARALLELS,
        PLAN_MONTHLY_FEE,
        WEBHOOK_REQUESTS,
        WEBHOOK_HINTS_DROPPED,
        WEBHOOK_RELAY_FAILURES,
        WEBHOOK_RELAY_DROPPED,
        BUILD_INFO,
        RELOAD_SUCCESSFUL,
        RELOAD_SUCCESS,
        STATE_SUCCESSFUL,
        STATE_WRITTEN,
    ]
    .into_iter()
    .chain(PROCESS)
}
