"""Phone: the history of one."""

from colours import CODES, GREY, PURPLE, SKY
from frame import ACCOUNTS, GROUPS, PHONE, dashboard
from panels import lines, stat, table, timeline
from queries import now, over_time


def phone():
    this = '{id="$id"}'
    return dashboard(
        "geelark-phone",
        "GeeLark: Phone",
        "The history of one phone. A gap is time for which nobody knows.",
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
                "Since when the exporter has seen it in this status.",
                now(f"time() - phone_status_since_timestamp_seconds{this}"),
                unit="dtdurations",
            ),
            stat(
                "Rental ends",
                "Of a phone on monthly charge; known with discovery.",
                now(f"phone_expiration_timestamp_seconds{this} * 1000"),
                unit="dateTimeFromNow",
            ),
            stat(
                "Changes of status",
                "In the time shown.",
                now(f"sum(changes(phone_status_since_timestamp_seconds{this}[$__range]))"),
            ),
            timeline(
                "Status",
                "What GeeLark said.",
                over_time(f"max by (id) (phone_status{this} or phone_not_found{this} * 42001)", "status"),
                texts=CODES,
            ),
            timeline(
                "Task",
                "Whether an automation task runs on it; known with discovery.",
                over_time(f"max by (id) (phone_task_running{this})", "task"),
                texts={0: ("None", GREY), 1: ("Running", SKY)},
            ),
            table(
                "What is known",
                "Group and all to the right of it are known with discovery.",
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
                "Answers that there is no such phone",
                "An id that comes and goes may be moved between accounts.",
                over_time(f"sum(increase(phone_not_found_total{this}[$__rate_interval]))", "not found"),
                height=7,
            ),
            lines(
                "Time in the present status",
                "A steep edge down is a change.",
                over_time(f"time() - phone_status_since_timestamp_seconds{this}", "{{serial_name}}"),
                unit="dtdurations",
                height=7,
            ),
        ],
        since="now-7d",
    )
