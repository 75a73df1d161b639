#!/bin/sh
# Sees to it that wrk, the load generator of the measurements, is here.
set -eu

if command -v wrk >/dev/null; then
    exit 0
fi

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "bench: no wrk here. Install it, on Debian and Ubuntu: apt-get install wrk" >&2
    exit 1
fi

echo "bench: installing wrk" >&2
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wrk >/dev/null
