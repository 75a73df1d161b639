#!/bin/sh
# Installs the JavaScript that tests need, as locked. Does nothing when the lock is older than it.
set -eu
cd "$(dirname "$0")/../tests/interop"

if [ node_modules/.package-lock.json -nt package-lock.json ]; then
    exit 0
fi

echo "tests: installing tests/interop/package-lock.json" >&2
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
