"""Exporter: how fresh the data is, and how many calls it needs."""

from colours import GREEN, ORANGE, VERMILION
from frame import ACCOUNTS, dashboard
from panels import heading, heatmap, lines, stat, table, timeline
from queries import ACCOUNT as ONE
from queries import now, over_time


def exporter():
    answered = {1: ("Complete", GREEN), 0: ("Incomplete", VERMILION)}
    return dashboard(
        "geelark-exporter",
        "GeeLark: Exporter",
        "How fresh the data is, and how many of GeeLark's calls it needs.",
        [ACCOUNTS],
        [
            stat(
                "Oldest complete round",
                "The age of the last complete round. Up to three intervals are normal.",
                now(f"max(time() - geelark_poll_last_success_timestamp_seconds{ONE})"),
                unit="dtdurations",
            ),
            stat(
                "Stale phones",
                "The share of phones without an answer for `stale_after`.",
                now(f'sum(geelark_phones{{account=~"$account", status="stale"}}) / sum(geelark_phones{ONE})'),
                unit="percentunit",
                limits=[GREEN, (0.0001, ORANGE), (0.1, VERMILION)],
            ),
            stat(
                "Longest remaining lock",
                "GeeLark locks an account for two hours when it receives too many calls.",
                now(f"max(clamp_min(geelark_api_locked_until_timestamp_seconds{ONE} - time(), 0))"),
                unit="dtdurations",
                limits=[GREEN, (1, VERMILION)],
            ),
            stat(
                "Unanswered ids",
                "Ids that are missing from GeeLark's last answers, or that GeeLark rejects as invalid.",
                now(f"sum(geelark_poll_unanswered_phones{ONE})"),
                limits=[GREEN, (1, ORANGE)],
            ),
            timeline(
                "Rounds",
                "Whether the last round had an answer for each batch.",
                over_time(f"geelark_up{ONE}"),
                texts=answered,
            ),
            lines(
                "Budget used",
                "The share of the budget that calls use. GeeLark's own limit may be larger.",
                over_time(
                    f"sum without (endpoint) (rate(geelark_api_requests_total{ONE}[$__rate_interval])) * 60\n"
                    f"  / geelark_api_budget_requests_per_minute{ONE}"
                ),
                unit="percentunit",
            ),
            lines(
                "Failures, by reason",
                "Failed calls a minute. docs/operations.md explains each reason.",
                over_time(
                    f"sum by (account, reason) (rate(geelark_api_request_failures_total{ONE}[$__rate_interval])) * 60",
                    "{{account}} {{reason}}",
                ),
            ),
            heatmap(
                "Response times",
                "The time until a complete answer.",
                f"sum by (le) (increase(geelark_api_request_duration_seconds_bucket{ONE}[$__rate_interval]))",
            ),
            lines(
                "Response times, by endpoint",
                "90 % and 50 % of the answers of an endpoint are faster than its lines.",
                *[
                    over_time(
                        f"histogram_quantile({quantile}, sum by (endpoint, le) "
                        f"(rate(geelark_api_request_duration_seconds_bucket{ONE}[$__rate_interval])))",
                        f"{{{{endpoint}}}} {name}",
                    )
                    for quantile, name in ((0.9, "90 %"), (0.5, "50 %"))
                ],
                unit="s",
            ),
            lines(
                "Freshness",
                "The age of the last complete round, the effective interval, and the duration of the last round.",
                over_time(f"time() - geelark_poll_last_success_timestamp_seconds{ONE}", "{{account}} age"),
                over_time(f"geelark_poll_interval_seconds{ONE}", "{{account}} interval"),
                over_time(f"geelark_poll_last_duration_seconds{ONE}", "{{account}} last round"),
                unit="s",
            ),
            lines(
                "Calls a minute",
                "Calls by endpoint, and the budget.",
                over_time(
                    f"sum by (account, endpoint) (rate(geelark_api_requests_total{ONE}[$__rate_interval])) * 60",
                    "{{account}} {{endpoint}}",
                ),
                over_time(f"geelark_api_budget_requests_per_minute{ONE}", "{{account}} budget"),
            ),
            lines(
                "Discovery",
                "The age of the last complete list, for accounts with discovery.",
                over_time(f"time() - geelark_discovery_last_success_timestamp_seconds{ONE}"),
                unit="s",
            ),
            lines(
                "Discovered phones and failures",
                "The phones of the last complete list, and the failed or incomplete lists of the last hour. A failure removes no phone.",
                over_time(f"geelark_discovery_phones{ONE}", "{{account}} found"),
                over_time(f"increase(geelark_discovery_failures_total{ONE}[1h])", "{{account}} failed"),
            ),
            lines(
                "Webhooks",
                "Requests a minute, for accounts with webhooks. Forged and late requests are refused.",
                over_time(
                    f"sum by (account, result) (rate(geelark_webhook_requests_total{ONE}[$__rate_interval])) * 60",
                    "{{account}} {{result}}",
                ),
            ),
            lines(
                "Dropped webhooks",
                "In the last hour: hints that exceeded the queue, and requests that could not be relayed.",
                over_time(f"increase(geelark_webhook_hints_dropped_total{ONE}[1h])", "{{account}} hints dropped"),
                over_time(f"increase(geelark_webhook_relay_failures_total{ONE}[1h])", "{{account}} not relayed"),
                over_time(f"increase(geelark_webhook_relay_dropped_total{ONE}[1h])", "{{account}} dropped by the relay"),
            ),
            heading("Processes (of all accounts)"),
            table(
                "Versions",
                "",
                "geelark_exporter_build_info",
                {"instance": "Instance", "version": "Version", "revision": "Revision", "Value": "Running"},
                ("instance", False),
                width=8,
                height=7,
            ),
            timeline(
                "Configuration and state",
                "Whether the last reload and the last write of the state succeeded.",
                over_time("geelark_exporter_config_last_reload_successful", "{{instance}} configuration"),
                over_time("geelark_exporter_state_last_write_successful", "{{instance}} state"),
                texts={1: ("Succeeded", GREEN), 0: ("Failed", VERMILION)},
                width=16,
                height=7,
            ),
            lines(
                "Memory",
                "Resident memory.",
                over_time(
                    "process_resident_memory_bytes * on (job, instance) geelark_exporter_build_info", "{{instance}}"
                ),
                unit="bytes",
                height=7,
            ),
            lines(
                "CPU",
                "The share of one core.",
                over_time(
                    "rate(process_cpu_seconds_total[$__rate_interval]) * on (job, instance) geelark_exporter_build_info",
                    "{{instance}}",
                ),
                unit="percentunit",
                height=7,
            ),
        ],
    )
