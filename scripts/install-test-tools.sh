#!/usr/bin/env bash
# Installs what the tests need and this machine lacks, from Debian's packages; changes nothing where all of it is there.
#
# Debian's packages start the services they bring and enable them for the next boot. The tests start their own, on
# their own ports, so a service that was not here before is neither running nor enabled afterwards.
set -euo pipefail

# Each command the tests call, and the package that brings it.
declare -A package=(
  [prometheus]=prometheus
  [promtool]=prometheus
  [prometheus-alertmanager]=prometheus-alertmanager
  [amtool]=prometheus-alertmanager
  [curl]=curl
  [python3]=python3
)
# The services among those packages.
services=(prometheus prometheus-alertmanager)

missing=()
for command in "${!package[@]}"; do
  command -v "$command" >/dev/null || missing+=("${package[$command]}")
done
if ((${#missing[@]} == 0)); then
  exit 0
fi
mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)

if ! command -v apt-get >/dev/null; then
  echo "The tests need the commands of these Debian packages, and there is no apt-get to install them: ${missing[*]}." >&2
  exit 1
fi
as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "The tests need packages that only root can install. As root, run: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

is_known() { [[ -e /etc/init.d/$1 || $(systemctl list-unit-files --no-legend "$1.service" 2>/dev/null) ]]; }
new_services=()
for service in "${services[@]}"; do
  is_known "$service" || new_services+=("$service")
done

# Debian asks this file whether a package may start its service; 101 means no. An administrator's own file stays.
policy=/usr/sbin/policy-rc.d
policy_is_ours=false
tidy() {
  if $policy_is_ours; then
    "${as_root[@]}" rm -f "$policy"
  fi
  for service in "${new_services[@]}"; do
    is_known "$service" || continue
    if command -v systemctl >/dev/null; then
      "${as_root[@]}" systemctl --quiet disable "$service.service" 2>/dev/null || true
    else
      "${as_root[@]}" update-rc.d "$service" disable || true
    fi
    if [[ -d /run/systemd/system ]]; then
      "${as_root[@]}" systemctl --quiet stop "$service.service" || true
    fi
  done
}
trap tidy EXIT
if [[ ! -e $policy ]]; then
  policy_is_ours=true
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" install -m 755 /dev/stdin "$policy"
fi

apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" </dev/null >/dev/null
}
install_missing() { apt install --no-install-recommends -y "${missing[@]}"; }

echo "Installing ${missing[*]}"
if apt-cache show "${missing[@]}" >/dev/null 2>&1; then
  # The lists may be old enough to name versions that are gone.
  install_missing || { apt update && install_missing; }
else
  apt update
  install_missing
fi
