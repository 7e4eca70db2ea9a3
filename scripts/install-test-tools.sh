#!/usr/bin/env bash
# Installs missing tools of the tests from Debian's packages. If all tools are installed, it changes nothing.
#
# Debian's packages start and enable their services. The tests start servers on their own ports, so this script stops and
# disables the services that it installs.
set -euo pipefail

# The commands of the tests, and their packages.
declare -A package=(
  [prometheus]=prometheus
  [promtool]=prometheus
  [prometheus-alertmanager]=prometheus-alertmanager
  [amtool]=prometheus-alertmanager
  [curl]=curl
  [python3]=python3
)
# The services of these packages.
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
  echo "The tests need commands of these Debian packages, but apt-get is not installed: ${missing[*]}." >&2
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

# Debian runs this file to ask whether a package may start its service. Exit code 101 means no. An existing file stays.
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
  # Old package lists may name versions that no longer exist.
  install_missing || { apt update && install_missing; }
else
  apt update
  install_missing
fi
