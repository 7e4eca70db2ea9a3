"""The variables and the outer structure of a dashboard."""

from colours import STATUSES
from panels import laid_out
from queries import CHOSEN, SOURCE

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
    built = {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": SOURCE,
        "query": {"qryType": 1 if is_values else 3, "query": query, "refId": "variable"},
        "hide": 0,
        "includeAll": several,
        "multi": several,
        "options": [],
        # Reload the values when the time range changes, because fleets grow.
        "refresh": 2,
        "regex": regex,
        "sort": 1,
    }
    if several:
        built |= {"allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}}
    return built


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

# Shows the name of a phone, or its id if it has no name.
PHONE = variable(
    "id",
    "Phone",
    f"query_result({CHOSEN})",
    several=False,
    regex='/serial_name="(?<text>[^"]+)|\\bid="(?<value>[^"]+)/g',
)


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
