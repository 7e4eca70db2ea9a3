"""Fleet: the statuses of all phones, and the phones that need attention."""

from frame import ACCOUNTS, GROUPS, STATUS, dashboard
from panels import BY_STATUS, bars, heading, lines, stat, table
from queries import ACCOUNT, CHOSEN, JOINED, in_status, now, of_phones, over_time

# The status of a phone as a label. Other codes have no label.
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
        "The statuses of all phones, and the phones that need attention.",
        [ACCOUNTS, GROUPS, STATUS],
        [
            stat(
                "Phones now",
                "All groups of the chosen accounts. Stale phones have no current status.",
                now(f"sum by (status) ({status_chosen})", "{{status}}"),
                width=16,
                overrides=BY_STATUS,
            ),
            table(
                "Alerts now",
                "Firing alerts of the rules in deploy/prometheus.",
                'count by (alertname) (ALERTS{alertname=~"Geelark.+", alertstate="firing"})',
                {"alertname": "Alert", "Value": "Phones or accounts"},
                ("Value", True),
                width=8,
                height=4,
            ),
            lines(
                "Phones over time",
                "All groups of the chosen accounts.",
                over_time(f"sum by (status) ({status_chosen})", "{{status}}"),
                width=16,
                height=9,
                stack=True,
                overrides=BY_STATUS,
            ),
            bars(
                "Running now, by group",
                "Groups need discovery.",
                now(f"count by (group) ({CHOSEN} and {JOINED} phone_status == 0)", "{{group}}"),
            ),
            heading("Phones of the chosen accounts and groups"),
            table(
                "Expires next",
                "The next ends of monthly rentals. They need discovery.",
                f"bottomk(100, {of_phones('phone_expiration_timestamp_seconds')}) * 1000",
                {**LABELLED, "group": "Group", "Value": "Expires"},
                ("Value", False),
                value={"unit": "dateTimeFromNow"},
            ),
            table(
                "Longest running",
                "The time for which the exporter has seen them started.",
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
                "Ids without a phone in GeeLark.",
                "topk(100, "
                + f"phone_not_found\n  * {JOINED} group_left (serial_name, account, group)\n    {CHOSEN}"
                + ")",
                {**LABELLED, "account": "Account", "Value": "Not found"},
                ("account", False),
            ),
            table(
                "Last changes",
                "The last changes of status.",
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
                "Longest in the chosen statuses",
                "For example, phones that have been starting for a long time.",
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
                "Phones with a change of status in the last five minutes, and phones that run an automation task.",
                over_time(
                    f"sum(phone_status_since_timestamp_seconds > bool time() - 300 and {JOINED} {CHOSEN})",
                    "changed status",
                ),
                over_time(f"sum(phone_task_running and {JOINED} {CHOSEN})", "running a task"),
                height=9,
            ),
            heading("Billing of the chosen accounts"),
            lines(
                "Running phones and the plan",
                "The plan includes a number of parallels: phones that run at the same time without extra cost.",
                over_time(
                    'sum by (account) (geelark_phones{account=~"$account", status="started"})', "{{account}} running"
                ),
                over_time(f"geelark_plan_parallels{ACCOUNT}", "{{account}} included"),
                over_time(f"geelark_phones_running_beyond_parallels{ACCOUNT}", "{{account}} beyond"),
            ),
            lines(
                "Balance",
                "In GeeLark's currency. Gifts count as money.",
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
                "Time add-on in the wallet",
                "Purchased running time that is left.",
                now(f"geelark_wallet_time_addon_seconds{ACCOUNT}", "{{account}}"),
                unit="dtdurations",
                width=8,
            ),
            stat(
                "Unused parts of the plan",
                "Unused and total profiles and monthly rentals of the plan, and its monthly fee.",
                now(f"geelark_plan_profiles_available{ACCOUNT}", "{{account}} profiles free"),
                now(f"geelark_plan_profiles{ACCOUNT}", "{{account}} profiles"),
                now(f"geelark_plan_monthly_rentals_available{ACCOUNT}", "{{account}} rentals free"),
                now(f"geelark_plan_monthly_rentals{ACCOUNT}", "{{account}} rentals"),
                now(f"geelark_plan_monthly_fee{ACCOUNT}", "{{account}} fee"),
                width=8,
            ),
        ],
    )
