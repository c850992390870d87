#!/usr/bin/env bash
# Makes the virtual environment. A bare Debian has Python without venv: that one package is installed when we may.
set -euo pipefail

venv=${1:?usage: scripts/venv.sh DIRECTORY}
python=${PYTHON:-python3}

if ! command -v "$python" >/dev/null; then
    echo "make: there is no $python here. Maitred needs Python 3.11 or newer: apt-get install python3 python3-venv" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "make: $("$python" --version) is too old, Maitred needs 3.11 or newer (another one: make PYTHON=python3.12)" >&2
    exit 1
fi
if [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    exit 0
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    package=python3-venv
    echo "make: this Python has no venv, so the Debian package $package is needed"
    code=0
    "$(dirname "$0")/apt.sh" "$package" || code=$?
    if [ "$code" -eq 2 ]; then
        echo "make: it may not be installed from here. Install it and run make again: sudo apt-get install $package" >&2
    fi
    [ "$code" -eq 0 ] || exit 1
fi
"$python" -m venv --clear "$venv"
