#!/usr/bin/env bash
# Installs Debian packages: as root, or with a sudo that asks no question. Exit code 2: we may not, nothing was tried.
set -euo pipefail

may=()
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        may=(sudo -n)
    else
        exit 2
    fi
fi
command -v apt-get >/dev/null || exit 2

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! {
    "${may[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update --quiet &&
        "${may[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends "$@"
} >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    exit 1
fi
