"""Fleet: what all phones are doing, and which of them need somebody."""

from frame import ACCOUNTS, GROUPS, STATUS, dashboard
from panels import BY_STATUS, bars, heading, lines, stat, table
from queries import ACCOUNT, CHOSEN, JOINED, in_status, now, of_phones, over_time

# Which status a phone is in, as a label. What is not among these four is `other`.
STATUS_OF = "\n  or ".join(
    f'label_replace(phone_status == {code}, "status", "{status}", "", "")'
    for code, status in enumerate(["started", "starting", "shut_down", "expired"])
)

LABELLED = {"serial_name": "Phone", "id": "Id"}


def fleet():
    status_chosen = 'geelark_phones{account=~"$account", status=~"$status"}'
    return dashboard(
        "geelark-fleet",
        "GeeLark: Fleet",
        "What all phones are doing, and which of them need somebody.",
        [ACCOUNTS, GROUPS, STATUS],
        [
            stat(
                "Phones now",
                "Whole accounts, whatever group is chosen. Stale: not answered lately, so nobody knows.",
                now(f"sum by (status) ({status_chosen})", "{{status}}"),
                width=16,
                overrides=BY_STATUS,
            ),
            table(
                "Alerts now",
                "The rules of deploy/prometheus that fire.",
                'count by (alertname) (ALERTS{alertname=~"Geelark.+", alertstate="firing"})',
                {"alertname": "Alert", "Value": "Phones or accounts"},
                ("Value", True),
                width=8,
                height=4,
            ),
            lines(
                "Phones over time",
                "Whole accounts, whatever group is chosen.",
                over_time(f"sum by (status) ({status_chosen})", "{{status}}"),
                width=16,
                height=9,
                stack=True,
                overrides=BY_STATUS,
            ),
            bars(
                "Running now, by group",
                "Groups are known with discovery.",
                now(f"count by (group) ({CHOSEN} and {JOINED} phone_status == 0)", "{{group}}"),
            ),
            heading("Phones of the chosen accounts and groups"),
            table(
                "Expires next",
                "Ends of monthly rentals, the nearest first. Known with discovery.",
                f"bottomk(100, {of_phones('phone_expiration_timestamp_seconds')}) * 1000",
                {**LABELLED, "group": "Group", "Value": "Expires"},
                ("Value", False),
                value={"unit": "dateTimeFromNow"},
            ),
            table(
                "Longest running",
                "Since when the exporter has seen them started.",
                "topk(100, "
                + of_phones(
                    f"(time() - phone_status_since_timestamp_seconds {in_status(0)})", "account, group, charge_mode"
                )
                + ")",
                {**LABELLED, "charge_mode": "Charge", "Value": "For"},
                ("Value", True),
                value={"unit": "dtdurations"},
            ),
            table(
                "Not found",
                "Ids of which GeeLark says that there is no such phone.",
                "topk(100, "
                + f"phone_not_found\n  * {JOINED} group_left (serial_name, account, group)\n    {CHOSEN}"
                + ")",
                {**LABELLED, "account": "Account", "Value": "Not found"},
                ("account", False),
            ),
            table(
                "Changed last",
                "The last changes of status that the exporter saw.",
                "topk(100, "
                + of_phones(
                    f"phone_status_since_timestamp_seconds\n  * {JOINED} group_left (status)\n    (({STATUS_OF}) ^ 0)"
                )
                + ") * 1000",
                {**LABELLED, "status": "Now", "Value": "Since"},
                ("Value", True),
                value={"unit": "dateTimeFromNow"},
            ),
            table(
                "In the chosen statuses for longest",
                "Also for the statuses that nobody should be in for long.",
                "topk(100, "
                + of_phones(
                    "(time() - phone_status_since_timestamp_seconds)"
                    + f"\n  * {JOINED} group_left (status)\n    (({STATUS_OF}) ^ 0)"
                )
                + f"\n  and on (job, instance, account, status) {status_chosen})",
                {**LABELLED, "status": "Status", "Value": "For"},
                ("Value", True),
                value={"unit": "dtdurations"},
            ),
            lines(
                "Changes",
                "Phones whose status changed in the last five minutes, and phones on which an automation task runs.",
                over_time(
                    f"sum(phone_status_since_timestamp_seconds > bool time() - 300 and {JOINED} {CHOSEN})",
                    "changed status",
                ),
                over_time(f"sum(phone_task_running and {JOINED} {CHOSEN})", "running a task"),
                height=9,
            ),
            heading("Money of the chosen accounts"),
            lines(
                "Running, and what the plan includes",
                "Parallels: phones that may run at once at no extra charge.",
                over_time(
                    'sum by (account) (geelark_phones{account=~"$account", status="started"})', "{{account}} running"
                ),
                over_time(f"geelark_plan_parallels{ACCOUNT}", "{{account}} included"),
                over_time(f"geelark_phones_running_beyond_parallels{ACCOUNT}", "{{account}} beyond"),
            ),
            lines(
                "Balance",
                "In GeeLark's currency; gifts are spent like money.",
                over_time(f"geelark_wallet_balance{ACCOUNT}"),
                over_time(f"geelark_wallet_gift_balance{ACCOUNT}", "{{account}} gift"),
            ),
            stat(
                "Plan ends",
                "",
                now(f"geelark_plan_expiration_timestamp_seconds{ACCOUNT} * 1000", "{{account}}"),
                unit="dateTimeFromNow",
                width=8,
            ),
            stat(
                "Time left in the wallet",
                "Running time that was bought as an add-on.",
                now(f"geelark_wallet_time_addon_seconds{ACCOUNT}", "{{account}}"),
                unit="dtdurations",
                width=8,
            ),
            stat(
                "Room in the plan",
                "Profiles and monthly rentals that are not used yet, of all of them; and what the plan costs a month.",
                now(f"geelark_plan_profiles_available{ACCOUNT}", "{{account}} profiles free"),
                now(f"geelark_plan_profiles{ACCOUNT}", "{{account}} profiles"),
                now(f"geelark_plan_monthly_rentals_available{ACCOUNT}", "{{account}} rentals free"),
                now(f"geelark_plan_monthly_rentals{ACCOUNT}", "{{account}} rentals"),
                now(f"geelark_plan_monthly_fee{ACCOUNT}", "{{account}} fee"),
                width=8,
            ),
        ],
    )
