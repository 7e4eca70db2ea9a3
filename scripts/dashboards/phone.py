"""Phone: the history of one phone."""

from colours import CODES, GREY, PURPLE, SKY
from frame import ACCOUNTS, GROUPS, PHONE, dashboard
from panels import lines, stat, table, timeline
from queries import now, over_time


def phone():
    this = '{id="$id"}'
    return dashboard(
        "geelark-phone",
        "GeeLark: Phone",
        "The history of one phone. A gap is a time without a known status.",
        [ACCOUNTS, GROUPS, PHONE],
        [
            stat(
                "Now",
                "",
                now(f"max by (id) (phone_status{this} or phone_not_found{this} * 42001)"),
                texts=CODES,
                limits=[PURPLE],
            ),
            stat(
                "For",
                "The time for which the exporter has seen this status.",
                now(f"time() - phone_status_since_timestamp_seconds{this}"),
                unit="dtdurations",
            ),
            stat(
                "Rental ends",
                "The end of a monthly rental. It needs discovery.",
                now(f"phone_expiration_timestamp_seconds{this} * 1000"),
                unit="dateTimeFromNow",
            ),
            stat(
                "Changes of status",
                "In the selected time range.",
                now(f"sum(changes(phone_status_since_timestamp_seconds{this}[$__range]))"),
            ),
            timeline(
                "Status",
                "The status that GeeLark reports.",
                over_time(f"max by (id) (phone_status{this} or phone_not_found{this} * 42001)", "status"),
                texts=CODES,
            ),
            timeline(
                "Task",
                "Whether the phone runs an automation task. This needs discovery.",
                over_time(f"max by (id) (phone_task_running{this})", "task"),
                texts={0: ("None", GREY), 1: ("Running", SKY)},
            ),
            table(
                "Details",
                "The group and the columns to its right need discovery.",
                f"phone_info{this}",
                {
                    "serial_name": "Phone",
                    "account": "Account",
                    "group": "Group",
                    "charge_mode": "Charge",
                    "os_version": "System",
                    "brand": "Brand",
                    "model": "Model",
                    "country": "Country",
                    "Value": "Configured",
                },
                ("serial_name", False),
                width=24,
                height=5,
            ),
            lines(
                "Answers with code 42001",
                "A phone that is not found from time to time may be moved between accounts.",
                over_time(f"sum(increase(phone_not_found_total{this}[$__rate_interval]))", "not found"),
                height=7,
            ),
            lines(
                "Time in the current status",
                "The line drops to zero when the status changes.",
                over_time(f"time() - phone_status_since_timestamp_seconds{this}", "{{serial_name}}"),
                unit="dtdurations",
                height=7,
            ),
        ],
        since="now-7d",
    )
