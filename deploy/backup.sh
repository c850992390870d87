#!/usr/bin/env bash
# One more backup in a directory, the oldest ones beyond KEEP removed. Safe while the bot runs.
#
#   deploy/backup.sh /var/backups/maitred [KEEP]      (KEEP: 14)
#
# Settings are read as the bot reads them, so run it where the bot runs. MAITRED names another command, for example
# "docker compose -f deploy/compose.yaml exec -T maitred maitred" (the directory is then one inside the container).
set -euo pipefail

directory=${1:?usage: deploy/backup.sh DIRECTORY [KEEP]}
keep=${2:-14}
read -r -a maitred <<<"${MAITRED:-maitred}"

umask 077
mkdir -p "$directory"
file="$directory/maitred-$(date -u +%Y%m%dT%H%M%SZ).backup"
# Written under another name first: a backup with its final name is a whole one.
"${maitred[@]}" db backup "$file.part"
mv "$file.part" "$file"
echo "$file"

find "$directory" -maxdepth 1 -name 'maitred-*.backup' -print | sort -r | tail -n +"$((keep + 1))" | while read -r old; do
    rm -- "$old"
done
