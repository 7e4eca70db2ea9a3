"""Parts of PromQL queries, and targets of panels."""

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
JOINED = "on (job, instance, id)"
# The phones that the variables select. `.*` also selects phones without a group.
CHOSEN = 'phone_info{account=~"$account", group=~"$group"}'
ACCOUNT = '{account=~"$account"}'


def over_time(expr, legend="{{account}}"):
    return {"expr": expr, "legendFormat": legend, "range": True}


def now(expr, legend=""):
    return {"expr": expr, "legendFormat": legend, "instant": True}


def rows(expr):
    return {"expr": expr, "format": "table", "instant": True}


def targets(queries):
    return [{"datasource": SOURCE, "refId": chr(ord("A") + at), **query} for at, query in enumerate(queries)]


def of_phones(expr, labels="account, group"):
    """`expr` for the selected phones, with labels of phone_info."""
    return f"{expr}\n  * {JOINED} group_left ({labels})\n    {CHOSEN}"


def in_status(code):
    return f"and {JOINED} phone_status == {code}"
