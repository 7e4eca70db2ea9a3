#!/usr/bin/env bash
# Scrapes a running demo for a while: every scrape must be valid, and memory must not creep.
# Usage: soak.sh PROGRAM; SOAK_MINUTES says how long (10), SOAK_PORT where (19943).
set -euo pipefail

program=$1
minutes=${SOAK_MINUTES:-10}
address=127.0.0.1:${SOAK_PORT:-19943}
pause=5        # seconds between scrapes
warm_up=60     # seconds until memory is expected to have settled
allowance=8192 # KiB that it may grow after that

scratch=$(mktemp -d)
"$program" demo --web.listen-address="$address" >"$scratch/log" 2>&1 &
exporter=$!
fail() {
  echo "$*" >&2
  echo "The exporter's last lines:" >&2
  tail -n 20 "$scratch/log" >&2
  exit 1
}
tidy() {
  kill -KILL "$exporter" 2>/dev/null || true
  rm -r "$scratch"
}
trap tidy EXIT

for ((waited = 0; ; waited++)); do
  curl -sf --max-time 5 "http://$address/-/ready" >/dev/null && break
  kill -0 "$exporter" 2>/dev/null || fail "The exporter ended before it was ready."
  ((waited < 60)) || fail "The exporter was not ready within a minute."
  sleep 1
done

resident() { awk '/^VmRSS/ {print $2}' "/proc/$exporter/status"; }
started=$SECONDS
scrapes=0
settled=
while ((SECONDS - started < minutes * 60)); do
  # In turns plain and compressed: they take different ways through the exporter.
  flags=()
  ((scrapes % 2 == 0)) || flags+=(--compressed)
  curl -sf --max-time 10 "${flags[@]}" "http://$address/metrics" >"$scratch/metrics" ||
    fail "Scrape $((scrapes + 1)) failed."
  promtool check metrics <"$scratch/metrics" || fail "promtool refuses scrape $((scrapes + 1))."
  scrapes=$((scrapes + 1))
  if [[ -z $settled ]] && ((SECONDS - started >= warm_up)); then
    settled=$(resident)
  fi
  sleep "$pause"
done

last=$(resident) || fail "The exporter is gone."
if [[ -n $settled ]] && ((last > settled + allowance)); then
  fail "Resident memory grew from $settled KiB after $warm_up s to $last KiB after $minutes min."
fi
kill -TERM "$exporter"
wait "$exporter" || fail "The exporter did not end well when asked to (exit code $?)."
echo "$scrapes scrapes in $minutes min were valid; resident memory ${settled:-not compared} KiB settled, $last KiB at the end."
