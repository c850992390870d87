#!/usr/bin/env bash
# The real programs that the tests talk to. What is missing is installed when we may; else it is named, with the reason
# and the one line that mends it, and under CI that is a failure. Tests never skip: without its peer a test fails.
set -euo pipefail
cd "$(dirname "$0")/.."

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

go_on() { # The tests that need a peer which is not here say so themselves; under CI nothing goes on.
    if [ "${CI:-}" = "true" ]; then exit 1; fi
    echo "peers: going on; the tests that need them will fail" >&2
}

install_packages() {
    local code=0
    echo "peers: the tests need the Debian packages ${packages[*]}"
    scripts/apt.sh "${packages[@]}" || code=$?
    if [ "$code" -eq 0 ]; then return; fi
    {
        if [ "$code" -eq 2 ]; then
            echo "peers: these Debian packages are missing and may not be installed from here (not root, no sudo, or no apt):"
        else
            echo "peers: these Debian packages are missing and apt-get could not install them (its last words are above):"
        fi
        printf '  %s\n' "${reasons[@]}"
        echo "  mend it: sudo apt-get install ${packages[*]}"
    } >&2
    go_on
}

install_npm() { # install_npm NAME PLACE FOLDER: exactly as FOLDER/package-lock.json pins it, outside git
    local name=$1 place=$2 folder=$3 lock=$3/package-lock.json
    if cmp --silent "$lock" "$place/installed.json"; then return; fi
    echo "peers: installing $name into $place"
    mkdir -p "$place"
    cp "$folder/package.json" "$lock" "$place/"
    if (cd "$place" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >npm.log 2>&1 </dev/null); then
        cp "$lock" "$place/installed.json"
        return
    fi
    {
        tail -n 20 "$place/npm.log" 2>/dev/null || true
        echo "peers: npm could not install $name (its last words are above)"
        echo "  mend it: npm ci in $place, with a package registry in reach"
    } >&2
    go_on
}

if [ -z "${MAITRED_TEST_DATABASE_URL:-}" ]; then
    need postgresql "the store is tested on PostgreSQL as well as on SQLite" /usr/lib/postgresql/*/bin/postgres
fi
need chromium "the widget and the board are tested in a real browser" "${MAITRED_TEST_CHROMIUM:-/usr/bin/chromium}"
need libatomic1 "the driver of the browser is linked against it" /usr/lib/*/libatomic.so.1 /usr/lib64/libatomic.so.1
need nodejs "Slack is tested against an emulator, which runs on it" "$(command -v node || true)"
need npm "it installs that emulator" "$(command -v npm || true)"
need dovecot-imapd "mail is read from a real IMAP server" /usr/sbin/dovecot
need dovecot-lmtpd "mail is delivered to it by a real mail server" /usr/lib/dovecot/lmtp
need exim4-daemon-light "mail is sent to a real mail server" /usr/sbin/exim4
need openssl "the mail servers prove who they are" "$(command -v openssl || true)"

if [ ${#packages[@]} -gt 0 ]; then install_packages; fi
install_npm "the Slack emulator" .venv/slack-emulator tests/peers/slack
install_npm "a second IMAP server" .venv/mail-peer tests/peers/hoodiecrow
