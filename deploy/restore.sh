#!/usr/bin/env bash
# Puts a backup back in the place of the present database. The bot must be stopped; what is there now is kept beside it.
#
#   deploy/restore.sh FILE
#
# What came in after the backup is fetched again from the channels that still have it (Telegram a day, Slack and mailboxes
# longer); repeats are recognised. What went out after the backup may go out once more.
set -euo pipefail

file=${1:?usage: deploy/restore.sh FILE}
read -r -a maitred <<<"${MAITRED:-maitred}"

if [ ! -s "$file" ]; then
    echo "restore: $file is not there or is empty" >&2
    exit 2
fi
before="$(dirname "$file")/before-restore-$(date -u +%Y%m%dT%H%M%SZ).backup"
if "${maitred[@]}" db backup "$before"; then
    echo "restore: the present state is kept in $before"
else
    rm -f "$before"
    echo "restore: the present database cannot be read, so it is not kept" >&2
fi
"${maitred[@]}" db restore --replace "$file"
"${maitred[@]}" db upgrade
"${maitred[@]}" check
echo "restore: done; start the bot again"
