#!/bin/sh
# Sees to it that PostgreSQL's and PgBouncer's programs are here; the tests start them themselves.
set -eu

missing="postgresql pgbouncer"
for initdb in "$(command -v initdb || :)" /usr/lib/postgresql/*/bin/initdb; do
    if [ -x "$initdb" ]; then
        missing=pgbouncer
    fi
done
for pooler in "$(command -v pgbouncer || :)" /usr/sbin/pgbouncer /usr/local/sbin/pgbouncer; do
    if [ -x "$pooler" ]; then
        missing=${missing%pgbouncer}
    fi
done
missing=${missing% }
if [ -z "$missing" ]; then
    exit 0
fi

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "tests: not here: $missing. Install it, on Debian and Ubuntu: apt-get install $missing" >&2
    exit 1
fi

echo "tests: installing $missing" >&2
apt-get update -qq
# shellcheck disable=SC2086  (two packages are two words)
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
