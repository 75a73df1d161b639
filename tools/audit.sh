#!/bin/sh
# Audits what Gatepost is made of: licences, known weaknesses, and a list of it all. What it needs
# itself is held to hashes in tools/audit.txt; `tools/audit.sh --lock` writes that file anew.
set -eu
cd "$(dirname "$0")/.."

tools=dist/audit-venv
lock=tools/audit.txt
asker=pip-audit==2.10.1

if [ "${1:-}" = --lock ]; then
    if [ ! -x .lock-venv/bin/uv ]; then
        echo "audit: make lock comes first: it installs uv" >&2
        exit 1
    fi
    echo "$asker" | .lock-venv/bin/uv pip compile -q --universal --generate-hashes --no-header \
        --python-version 3.11 - -o "$lock"
    exit 0
fi

want=$(cksum <"$lock")
if [ "$(cat "$tools/audit.stamp" 2>/dev/null)" != "$want" ]; then
    echo "audit: installing $lock" >&2
    mkdir -p dist
    .venv/bin/python -m venv --clear "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    printf '%s\n' "$want" >"$tools/audit.stamp"
fi

exec .venv/bin/python -m tools.audit "$PWD/$tools/bin/pip-audit"
