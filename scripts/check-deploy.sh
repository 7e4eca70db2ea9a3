#!/usr/bin/env bash
# Checks the files of deploy/ and the scripts with promtool, amtool, systemd and shellcheck.
# promtool, amtool and python3 must be installed (see scripts/install-test-tools.sh). The others are used if they are installed.
set -euo pipefail
cd "$(dirname "$0")/.."

promtool check config deploy/prometheus/prometheus.yml
promtool check rules --lint=all --lint-fatal deploy/prometheus/*.rules.yml
promtool test rules deploy/prometheus/tests/*.test.yml
amtool check-config deploy/alertmanager/alertmanager.yml
python3 scripts/dashboards --check

if command -v systemd-analyze >/dev/null; then
  # `verify` requires the programs of a unit, and only warns about unknown keys, so any output is a failure.
  scratch=$(mktemp -d)
  trap 'rm -r "$scratch"' EXIT
  for unit in deploy/systemd/*; do
    sed "s|/usr/local/bin/geelark_exporter|/bin/true|" "$unit" >"$scratch/${unit##*/}"
  done
  for unit in "$scratch"/*.service "$scratch"/*.socket; do
    problems=$(systemd-analyze verify --man=no "$unit" 2>&1) || true
    if [[ -n $problems ]]; then
      printf '%s:\n%s\n' "${unit##*/}" "$problems" >&2
      exit 1
    fi
    echo "${unit##*/} is a valid unit"
  done
  for unit in "$scratch"/*.service; do
    # The exposure level, in tenths: 15 is 1.5 of 10, and lower is better.
    systemd-analyze security --no-pager --offline=true --threshold=15 "$unit" >"$scratch/report" || {
      cat "$scratch/report" >&2
      exit 1
    }
    echo "${unit##*/}:" "$(sed -n 's/^→ Overall/overall/p' "$scratch/report")"
  done
fi

if command -v shellcheck >/dev/null; then
  shellcheck .ci/run scripts/*.sh
fi
