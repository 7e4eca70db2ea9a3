"""One function for each kind of panel, with the differences as arguments."""

from colours import BLUE, GREEN, ORANGE, PURPLE, STATUSES, VERMILION
from queries import SOURCE, rows, targets


def fixed(colour):
    return {"mode": "fixed", "fixedColor": colour}


def mappings(texts):
    """Mappings of numbers to texts and colours."""
    options = {
        str(value): {"text": text, "color": colour, "index": at}
        for at, (value, (text, colour)) in enumerate(texts.items())
    }
    return [{"type": "value", "options": options}]


def steps(*limits):
    """Thresholds: the first colour is the base, and each other begins at its number."""
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
    """Gives the series of one query shades of one colour, so that queries differ by hue and series by lightness."""
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


def panel(kind, title, description, queries, width, height, defaults, options, overrides=(), transformations=()):
    built = {
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
        built["transformations"] = list(transformations)
    return built


def stat(
    title, description, *queries, width=6, height=4, unit="short", overrides=(), texts=None, limits=None, decimals=None
):
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
            # Without data there is a gap.
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
    overrides = [by_query(at, colour) for at, colour in zip(range(len(queries)), (BLUE, ORANGE, GREEN))] + list(
        overrides
    )
    return panel("timeseries", title, description, queries, width, height, defaults, options, overrides)


def table(title, description, expr, columns, sort, width=12, height=9, value=None):
    """One row for each series. `columns` maps labels and Value to headings; `value` has display properties of Value."""
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
        # A scheme for any colour vision. Grafana requires `fill`, which only the other mode uses.
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
    """Places panels in rows from the left. On a narrow screen, Grafana shows one panel in each row."""
    x = y = row_height = 0
    for at, built in enumerate(panels):
        size = built["gridPos"]
        if x + size["w"] > 24:
            x, y, row_height = 0, y + row_height, 0
        built["id"] = at + 1
        built["gridPos"] = {"x": x, "y": y, **size}
        x, row_height = x + size["w"], max(row_height, size["h"])
    return panels
