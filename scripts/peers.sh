#!/usr/bin/env bash
# The real programs that the tests talk to. What is missing is installed when we may; else it is named, with the reason
# and the one line that mends it, and under CI that is a failure. Tests never skip: without its peer a test fails.
set -euo pipefail

packages=()
reasons=()

need() { # need PACKAGE "what the tests do with it" FILE...: satisfied by any one of the files
    local package=$1 reason=$2 file
    shift 2
    for file in "$@"; do
        if [ -e "$file" ]; then return; fi
    done
    packages+=("$package")
    reasons+=("$package: $reason")
}

if [ -z "${MAITRED_TEST_DATABASE_URL:-}" ]; then
    need postgresql "the store is tested on PostgreSQL as well as on SQLite" /usr/lib/postgresql/*/bin/postgres
fi
need chromium "the widget and the board are tested in a real browser" "${MAITRED_TEST_CHROMIUM:-/usr/bin/chromium}"
need libatomic1 "the driver of the browser is linked against it" /usr/lib/*/libatomic.so.1 /usr/lib64/libatomic.so.1

[ ${#packages[@]} -gt 0 ] || exit 0

echo "peers: the tests need the Debian packages ${packages[*]}"
code=0
"$(dirname "$0")/apt.sh" "${packages[@]}" || code=$?
[ "$code" -ne 0 ] || exit 0

{
    if [ "$code" -eq 2 ]; then
        echo "peers: these Debian packages are missing and may not be installed from here (not root, no sudo, or no apt):"
    else
        echo "peers: these Debian packages are missing and apt-get could not install them (its last words are above):"
    fi
    printf '  %s\n' "${reasons[@]}"
    echo "  mend it: sudo apt-get install ${packages[*]}"
} >&2
if [ "${CI:-}" = "true" ]; then exit 1; fi
echo "peers: going on; the tests that need them will fail" >&2
