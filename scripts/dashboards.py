#!/usr/bin/env python3
"""Writes deploy/grafana/dashboards/*.json, for Grafana 11 and newer. With --check it only says whether they are as written.

The dashboards are built here because three JSON files of a thousand lines would never agree on a colour. Panels are
functions of what differs between them; what they have in common is said once.
"""

import json
import pathlib
import sys

TARGET = pathlib.Path(__file__).parent.parent / "deploy" / "grafana" / "dashboards"

# The palette of Okabe and Ito: told apart with any colour vision. Nothing is told by colour alone.
GREY, ORANGE, SKY, GREEN = "#999999", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"

# The values of geelark_phones' label `status`.
STATUSES = {
    "started": GREEN,
    "starting": YELLOW,
    "shut_down": GREY,
    "expired": VERMILION,
    "other": PURPLE,
    "not_found": ORANGE,
    "stale": BLUE,
}
# GeeLark's codes, and its code for an id it does not know, as the Phone dashboard shows them.
CODES = {
    0: ("Started", GREEN),
    1: ("Starting", YELLOW),
    2: ("Shut down", GREY),
    3: ("Expired", VERMILION),
    42001: ("Not found", ORANGE),
}

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
JOINED = "on (job, instance, id)"
# What the variables choose. A phone without a group has every group that `.*` stands for.
CHOSEN = 'phone_info{account=~"$account", group=~"$group"}'
ACCOUNT = '{account=~"$account"}'


# --- What a panel asks -------------------------------------------------------------------------------------------------


def over_time(expr, legend="{{account}}"):
    return {"expr": expr, "legendFormat": legend, "range": True}


def now(expr, legend=""):
    return {"expr": expr, "legendFormat": legend, "instant": True}


def rows(expr):
    return {"expr": expr, "format": "table", "instant": True}


def targets(queries):
    return [{"datasource": SOURCE, "refId": chr(ord("A") + at), **query} for at, query in enumerate(queries)]


def of_phones(expr, labels="account, group"):
    """The chosen phones among `expr`, with what phone_info knows of them."""
    return f"{expr}\n  * {JOINED} group_left ({labels})\n    {CHOSEN}"


def in_status(code):
    return f"and {JOINED} phone_status == {code}"


# --- Fields ------------------------------------------------------------------------------------------------------------


def fixed(colour):
    return {"mode": "fixed", "fixedColor": colour}


def mappings(texts):
    """Numbers as words, each with its colour."""
    options = {
        str(value): {"text": text, "color": colour, "index": at}
        for at, (value, (text, colour)) in enumerate(texts.items())
    }
    return [{"type": "value", "options": options}]


def steps(*limits):
    """Colours by value: the first from the beginning, each other from its number on."""
    return {
        "mode": "absolute",
        "steps": [{"color": limits[0], "value": None}]
        + [{"color": colour, "value": value} for value, colour in limits[1:]],
    }


def override(name, **properties):
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": key.replace("_", "."), "value": value} for key, value in properties.items()],
    }




def by_query(at, colour):
    """Series of one query are shades of one colour: told apart by lightness, and from the other queries by hue."""
    return {
        "matcher": {"id": "byFrameRefID", "options": chr(ord("A") + at)},
        "properties": [{"id": "color", "value": {"mode": "shades", "fixedColor": colour}}],
    }


BY_STATUS = [override(status, color=fixed(colour)) for status, colour in STATUSES.items()]

TO_PHONE = [
    {
        "title": "Show this phone",
        "url": "/d/geelark-phone?var-datasource=${datasource}&var-id=${__data.fields.id}&${__url_time_range}",
    }
]


# --- Panels ------------------------------------------------------------------------------------------------------------


def panel(kind, title, description, queries, width, height, defaults, options, overrides=(), transformations=()):
    made = {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": SOURCE,
        "targets": targets(queries),
        "gridPos": {"w": width, "h": height},
        "fieldConfig": {"defaults": defaults, "overrides": list(overrides)},
        "options": options,
    }
    if transformations:
        made["transformations"] = list(transformations)
    return made


def stat(title, description, *queries, width=6, height=4, unit="short", overrides=(), texts=None, limits=None, decimals=None):
    defaults = {
        "unit": unit,
        "color": {"mode": "thresholds"},
        "thresholds": steps(*(limits or [BLUE])),
        "mappings": mappings(texts) if texts else [],
        "noValue": "–",
    }
    if decimals is not None:
        defaults["decimals"] = decimals
    options = {
        "colorMode": "background",
        "graphMode": "none",
        "justifyMode": "center",
        "orientation": "auto",
        "percentChangeColorMode": "standard",
        "showPercentChange": False,
        "wideLayout": True,
        "textMode": "value_and_name" if len(queries) > 1 or queries[0]["legendFormat"] else "value",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    }
    return panel("stat", title, description, queries, width, height, defaults, options, overrides)


def lines(title, description, *queries, width=12, height=8, unit="short", stack=False, least=0, overrides=()):
    defaults = {
        "unit": unit,
        "color": {"mode": "shades", "fixedColor": BLUE},
        "custom": {
            "drawStyle": "line",
            "fillOpacity": 60 if stack else 0,
            "lineWidth": 1 if stack else 2,
            "showPoints": "never",
            # A gap is what nobody knows; it is not bridged.
            "spanNulls": False,
            "stacking": {"group": "A", "mode": "normal" if stack else "none"},
        },
    }
    if least is not None:
        defaults["min"] = least
    options = {
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    overrides = [by_query(at, colour) for at, colour in zip(range(len(queries)), (BLUE, ORANGE, GREEN))] + list(overrides)
    return panel("timeseries", title, description, queries, width, height, defaults, options, overrides)


def table(title, description, expr, columns, sort, width=12, height=9, value=None):
    """A row a series. `columns` are labels and Value, each with its heading; `value` is how Value is shown."""
    sort_column, descending = sort
    overrides = [override("Value", displayName=columns["Value"], **(value or {}))]
    for name in ("serial_name", "id"):
        if name in columns:
            overrides.append(override(name, displayName=columns[name], links=TO_PHONE))
    for name, heading in columns.items():
        if name not in ("serial_name", "id", "Value"):
            overrides.append(override(name, displayName=heading))
    return panel(
        "table",
        title,
        description,
        [rows(expr)],
        width,
        height,
        {
            "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": False, "inspect": False},
            "noValue": "None",
        },
        {
            "cellHeight": "sm",
            "frameIndex": 0,
            "showHeader": True,
            "sortBy": [{"displayName": columns[sort_column], "desc": descending}],
        },
        overrides,
        [
            {"id": "filterFieldsByName", "options": {"include": {"names": list(columns)}}},
            {
                "id": "organize",
                "options": {
                    "excludeByName": {},
                    "indexByName": {name: at for at, name in enumerate(columns)},
                    "renameByName": {},
                },
            },
        ],
    )


def timeline(title, description, *queries, texts, width=24, height=5):
    defaults = {
        "color": {"mode": "thresholds"},
        "custom": {"fillOpacity": 85, "lineWidth": 0},
        "mappings": mappings(texts),
        "thresholds": steps(PURPLE),
    }
    options = {
        "alignValue": "left",
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
        "mergeValues": True,
        "rowHeight": 0.8,
        "showValue": "auto",
        "tooltip": {"mode": "single", "sort": "none"},
    }
    return panel("state-timeline", title, description, queries, width, height, defaults, options)


def bars(title, description, *queries, width=8, height=9):
    defaults = {"unit": "short", "min": 0, "color": fixed(GREEN), "noValue": "None"}
    options = {
        "displayMode": "basic",
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
        "maxVizHeight": 300,
        "minVizHeight": 16,
        "minVizWidth": 8,
        "namePlacement": "auto",
        "orientation": "horizontal",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "showUnfilled": True,
        "sizing": "auto",
        "valueMode": "text",
    }
    return panel("bargauge", title, description, queries, width, height, defaults, options)


def heatmap(title, description, expr, width=12, height=8):
    query = {"expr": expr, "legendFormat": "{{le}}", "range": True, "format": "heatmap"}
    options = {
        "calculate": False,
        "cellGap": 1,
        # Made for colour-blind eyes too. `fill` is for the other mode, and demanded.
        "color": {
            "mode": "scheme",
            "scheme": "Cividis",
            "exponent": 0.5,
            "steps": 64,
            "reverse": False,
            "fill": "dark-blue",
        },
        "exemplars": {"color": VERMILION},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"mode": "single", "yHistogram": False},
        "yAxis": {"axisPlacement": "left", "unit": "s"},
    }
    return panel("heatmap", title, description, [query], width, height, {}, options)


def heading(title):
    return {"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": {"w": 24, "h": 1}}


def laid_out(panels):
    """Fills rows from the left. On a screen as narrow as a phone's, Grafana shows one panel a row by itself."""
    x = y = row_height = 0
    for at, made in enumerate(panels):
        size = made["gridPos"]
        if x + size["w"] > 24:
            x, y, row_height = 0, y + row_height, 0
        made["id"] = at + 1
        made["gridPos"] = {"x": x, "y": y, **size}
        x, row_height = x + size["w"], max(row_height, size["h"])
    return panels


# --- Variables ---------------------------------------------------------------------------------------------------------

DATASOURCE = {
    "type": "datasource",
    "name": "datasource",
    "label": "Prometheus",
    "query": "prometheus",
    "hide": 0,
    "includeAll": False,
    "multi": False,
    "options": [],
    "refresh": 1,
}


def variable(name, label, query, several=True, regex=""):
    is_values = query.startswith("label_values")
    made = {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": SOURCE,
        "query": {"qryType": 1 if is_values else 3, "query": query, "refId": "variable"},
        "hide": 0,
        "includeAll": several,
        "multi": several,
        "options": [],
        # When the time range changes: fleets grow.
        "refresh": 2,
        "regex": regex,
        "sort": 1,
    }
    if several:
        made |= {"allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}}
    return made


ACCOUNTS = variable("account", "Account", "label_values(geelark_phones, account)")
GROUPS = variable("group", "Group", 'label_values(phone_info{account=~"$account"}, group)')

STATUS = {
    "type": "custom",
    "name": "status",
    "label": "Status",
    "query": ",".join(STATUSES),
    "current": {"text": ["All"], "value": ["$__all"]},
    "hide": 0,
    "includeAll": True,
    "allValue": ".*",
    "multi": True,
    "options": [{"text": status, "value": status, "selected": False} for status in STATUSES],
}

# By name where there is one, else by id.
PHONE = variable(
    "id",
    "Phone",
    f"query_result({CHOSEN})",
    several=False,
    regex='/serial_name="(?<text>[^"]+)|\\bid="(?<value>[^"]+)/g',
)


# --- Dashboards --------------------------------------------------------------------------------------------------------


def dashboard(uid, title, description, variables, panels, since="now-24h"):
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["geelark"],
        "editable": True,
        "graphTooltip": 1,
        "links": [
            {
                "type": "dashboards",
                "title": "GeeLark",
                "tags": ["geelark"],
                "asDropdown": False,
                "includeVars": True,
                "keepTime": True,
                "targetBlank": False,
                "icon": "external link",
                "tooltip": "",
                "url": "",
            }
        ],
        "panels": laid_out(panels),
        "refresh": "1m",
        "schemaVersion": 39,
        "templating": {"list": [DATASOURCE, *variables]},
        "time": {"from": since, "to": "now"},
        "timezone": "browser",
        "version": 1,
    }


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
                + of_phones(f"(time() - phone_status_since_timestamp_seconds {in_status(0)})", "account, group, charge_mode")
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
                over_time(f"sum(phone_status_since_timestamp_seconds > bool time() - 300 and {JOINED} {CHOSEN})", "changed status"),
                over_time(f"sum(phone_task_running and {JOINED} {CHOSEN})", "running a task"),
                height=9,
            ),
            heading("Money of the chosen accounts"),
            lines(
                "Running, and what the plan includes",
                "Parallels: phones that may run at once at no extra charge.",
                over_time(f'sum by (account) (geelark_phones{{account=~"$account", status="started"}})', "{{account}} running"),
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


def exporter():
    one = '{account=~"$account"}'
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
                now(f"max(time() - geelark_poll_last_success_timestamp_seconds{one})"),
                unit="dtdurations",
            ),
            stat(
                "Phones nobody knows of",
                "The share of stale phones.",
                now(f'sum(geelark_phones{{account=~"$account", status="stale"}}) / sum(geelark_phones{one})'),
                unit="percentunit",
                limits=[GREEN, (0.0001, ORANGE), (0.1, VERMILION)],
            ),
            stat(
                "Longest lock left",
                "GeeLark locks an account for two hours when it is called too often.",
                now(f"max(clamp_min(geelark_api_locked_until_timestamp_seconds{one} - time(), 0))"),
                unit="dtdurations",
                limits=[GREEN, (1, VERMILION)],
            ),
            stat(
                "Ids passed over",
                "Ids that GeeLark's answers lack, or that it refuses.",
                now(f"sum(geelark_poll_unanswered_phones{one})"),
                limits=[GREEN, (1, ORANGE)],
            ),
            timeline(
                "Rounds",
                "Did the last round get an answer for every batch?",
                over_time(f"geelark_up{one}"),
                texts=answered,
            ),
            lines(
                "Budget used",
                "Calls in relation to what the exporter may spend. GeeLark's own limit may be larger.",
                over_time(
                    f"sum without (endpoint) (rate(geelark_api_requests_total{one}[$__rate_interval])) * 60\n"
                    f"  / geelark_api_budget_requests_per_minute{one}"
                ),
                unit="percentunit",
            ),
            lines(
                "Failures, by reason",
                "Calls a minute. docs/operations.md says what each reason means.",
                over_time(
                    f"sum by (account, reason) (rate(geelark_api_request_failures_total{one}[$__rate_interval])) * 60",
                    "{{account}} {{reason}}",
                ),
            ),
            heatmap(
                "How long GeeLark takes",
                "Times to complete answers.",
                f"sum by (le) (increase(geelark_api_request_duration_seconds_bucket{one}[$__rate_interval]))",
            ),
            lines(
                "How long GeeLark takes, by endpoint",
                "Nine of ten answers are faster than the upper line of an endpoint, half of them than the lower one.",
                *[
                    over_time(
                        f"histogram_quantile({quantile}, sum by (endpoint, le) "
                        f"(rate(geelark_api_request_duration_seconds_bucket{one}[$__rate_interval])))",
                        f"{{{{endpoint}}}} {name}",
                    )
                    for quantile, name in ((0.9, "90 %"), (0.5, "50 %"))
                ],
                unit="s",
            ),
            lines(
                "Freshness",
                "Age of the last complete round, how often there should be one, and how long one takes.",
                over_time(f"time() - geelark_poll_last_success_timestamp_seconds{one}", "{{account}} age"),
                over_time(f"geelark_poll_interval_seconds{one}", "{{account}} interval"),
                over_time(f"geelark_poll_last_duration_seconds{one}", "{{account}} last round"),
                unit="s",
            ),
            lines(
                "Calls a minute",
                "What is sent, and what may be.",
                over_time(
                    f"sum by (account, endpoint) (rate(geelark_api_requests_total{one}[$__rate_interval])) * 60",
                    "{{account}} {{endpoint}}",
                ),
                over_time(f"geelark_api_budget_requests_per_minute{one}", "{{account}} budget"),
            ),
            lines(
                "Discovery",
                "How long ago the phones were listed in full, for accounts whose phones are found.",
                over_time(f"time() - geelark_discovery_last_success_timestamp_seconds{one}"),
                unit="s",
            ),
            lines(
                "Phones found, and attempts that failed",
                "Attempts of the last hour that failed or came back short; the phones known before stay.",
                over_time(f"geelark_discovery_phones{one}", "{{account}} found"),
                over_time(f"increase(geelark_discovery_failures_total{one}[1h])", "{{account}} failed"),
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
                over_time("process_resident_memory_bytes * on (job, instance) geelark_exporter_build_info", "{{instance}}"),
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


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    expected = {f"{made['uid'].removeprefix('geelark-')}.json": made for made in (fleet(), phone(), exporter())}
    wrong = [str(path) for path in TARGET.glob("*.json") if path.name not in expected]
    for name, made in expected.items():
        path, text = TARGET / name, json.dumps(made, indent=2, ensure_ascii=False) + "\n"
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            wrong.append(str(path))
    if check and wrong:
        sys.exit(f"Not what scripts/dashboards.py writes: {', '.join(wrong)}. Change the script and run it.")


if __name__ == "__main__":
    main()
