"""Writes deploy/grafana/dashboards/*.json, for Grafana 11 and newer.

    python3 scripts/dashboards            writes them
    python3 scripts/dashboards --check    fails if the files differ from the script's output

The dashboards are generated so that their panels share colours, queries and layout.
"""

import json
import pathlib
import sys

sys.dont_write_bytecode = True

from exporter import exporter  # noqa: E402
from phone import phone  # noqa: E402

from fleet import fleet  # noqa: E402

TARGET = pathlib.Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards"


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    expected = {f"{built['uid'].removeprefix('geelark-')}.json": built for built in (fleet(), phone(), exporter())}
    wrong = [str(path) for path in TARGET.glob("*.json") if path.name not in expected]
    for name, built in expected.items():
        path, text = TARGET / name, json.dumps(built, indent=2, ensure_ascii=False) + "\n"
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            wrong.append(str(path))
    if check and wrong:
        sys.exit(f"Not the output of scripts/dashboards: {', '.join(wrong)}. Change the script, and run `make dashboards`.")


if __name__ == "__main__":
    main()
