#!/bin/sh
# Sees to it that the programs of a PostgreSQL server are here; the tests start it themselves.
set -eu

for initdb in "$(command -v initdb || :)" /usr/lib/postgresql/*/bin/initdb; do
    if [ -x "$initdb" ]; then
        exit 0
    fi
done

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "tests: no PostgreSQL server here. Install it, on Debian and Ubuntu: apt-get install postgresql" >&2
    exit 1
fi

echo "tests: installing postgresql" >&2
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
