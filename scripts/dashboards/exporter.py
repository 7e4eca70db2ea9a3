"""Exporter: is what the others show fresh, and what does it cost of GeeLark's limits."""

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
        "Is what the other dashboards show fresh, and what does it cost of GeeLark's limits?",
        [ACCOUNTS],
        [
            stat(
                "Oldest complete round",
                "How long ago the account was answered completely. Three intervals are normal trouble, more is not.",
                now(f"max(time() - geelark_poll_last_success_timestamp_seconds{ONE})"),
                unit="dtdurations",
            ),
            stat(
                "Phones nobody knows of",
                "The share of stale phones.",
                now(f'sum(geelark_phones{{account=~"$account", status="stale"}}) / sum(geelark_phones{ONE})'),
                unit="percentunit",
                limits=[GREEN, (0.0001, ORANGE), (0.1, VERMILION)],
            ),
            stat(
                "Longest lock left",
                "GeeLark locks an account for two hours when it is called too often.",
                now(f"max(clamp_min(geelark_api_locked_until_timestamp_seconds{ONE} - time(), 0))"),
                unit="dtdurations",
                limits=[GREEN, (1, VERMILION)],
            ),
            stat(
                "Ids passed over",
                "Ids that GeeLark's answers lack, or that it refuses.",
                now(f"sum(geelark_poll_unanswered_phones{ONE})"),
                limits=[GREEN, (1, ORANGE)],
            ),
            timeline(
                "Rounds",
                "Did the last round get an answer for every batch?",
                over_time(f"geelark_up{ONE}"),
                texts=answered,
            ),
            lines(
                "Budget used",
                "Calls in relation to what the exporter may spend. GeeLark's own limit may be larger.",
                over_time(
                    f"sum without (endpoint) (rate(geelark_api_requests_total{ONE}[$__rate_interval])) * 60\n"
                    f"  / geelark_api_budget_requests_per_minute{ONE}"
                ),
                unit="percentunit",
            ),
            lines(
                "Failures, by reason",
                "Calls a minute. docs/operations.md says what each reason means.",
                over_time(
                    f"sum by (account, reason) (rate(geelark_api_request_failures_total{ONE}[$__rate_interval])) * 60",
                    "{{account}} {{reason}}",
                ),
            ),
            heatmap(
                "How long GeeLark takes",
                "Times to complete answers.",
                f"sum by (le) (increase(geelark_api_request_duration_seconds_bucket{ONE}[$__rate_interval]))",
            ),
            lines(
                "How long GeeLark takes, by endpoint",
                "Nine of ten answers are faster than the upper line of an endpoint, half of them than the lower one.",
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
                "Age of the last complete round, how often there should be one, and how long one takes.",
                over_time(f"time() - geelark_poll_last_success_timestamp_seconds{ONE}", "{{account}} age"),
                over_time(f"geelark_poll_interval_seconds{ONE}", "{{account}} interval"),
                over_time(f"geelark_poll_last_duration_seconds{ONE}", "{{account}} last round"),
                unit="s",
            ),
            lines(
                "Calls a minute",
                "What is sent, and what may be.",
                over_time(
                    f"sum by (account, endpoint) (rate(geelark_api_requests_total{ONE}[$__rate_interval])) * 60",
                    "{{account}} {{endpoint}}",
                ),
                over_time(f"geelark_api_budget_requests_per_minute{ONE}", "{{account}} budget"),
            ),
            lines(
                "Discovery",
                "How long ago the phones were listed in full, for accounts whose phones are found.",
                over_time(f"time() - geelark_discovery_last_success_timestamp_seconds{ONE}"),
                unit="s",
            ),
            lines(
                "Phones found, and attempts that failed",
                "Attempts of the last hour that failed or came back short; the phones known before stay.",
                over_time(f"geelark_discovery_phones{ONE}", "{{account}} found"),
                over_time(f"increase(geelark_discovery_failures_total{ONE}[1h])", "{{account}} failed"),
            ),
            lines(
                "Webhooks",
                "Requests a minute, for accounts whose webhook is on; what is forged or late was refused.",
                over_time(
                    f"sum by (account, result) (rate(geelark_webhook_requests_total{ONE}[$__rate_interval])) * 60",
                    "{{account}} {{result}}",
                ),
            ),
            lines(
                "Webhooks that came to nothing",
                "In the last hour: hints that found the queue full, and requests that could not be handed on.",
                over_time(f"increase(geelark_webhook_hints_dropped_total{ONE}[1h])", "{{account}} hints dropped"),
                over_time(f"increase(geelark_webhook_relay_failures_total{ONE}[1h])", "{{account}} not handed on"),
                over_time(f"increase(geelark_webhook_relay_dropped_total{ONE}[1h])", "{{account}} dropped on the way"),
            ),
            heading("Processes, whatever account is chosen"),
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
                "Was the last reload successful, and could what is known be written?",
                over_time("geelark_exporter_config_last_reload_successful", "{{instance}} configuration"),
                over_time("geelark_exporter_state_last_write_successful", "{{instance}} state"),
                texts={1: ("Good", GREEN), 0: ("Failed", VERMILION)},
                width=16,
                height=7,
            ),
            lines(
                "Memory",
                "Resident.",
                over_time(
                    "process_resident_memory_bytes * on (job, instance) geelark_exporter_build_info", "{{instance}}"
                ),
                unit="bytes",
                height=7,
            ),
            lines(
                "CPU",
                "Share of one core.",
                over_time(
                    "rate(process_cpu_seconds_total[$__rate_interval]) * on (job, instance) geelark_exporter_build_info",
                    "{{instance}}",
                ),
                unit="percentunit",
                height=7,
            ),
        ],
    )
