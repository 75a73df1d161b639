#!/bin/sh
# Writes both locks anew from pyproject.toml, with a uv of one known version. Arguments go to uv.
set -eu
cd "$(dirname "$0")/.."

uv=0.13.8

if [ "$(.lock-venv/bin/uv --version 2>/dev/null | cut -d ' ' -f 2)" != "$uv" ]; then
    "${PYTHON:-python3}" -m venv --clear .lock-venv
    .lock-venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$uv"
fi

compile() {
    .lock-venv/bin/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 \
        pyproject.toml "$@"
}

compile "$@" -o requirements/run.txt
compile "$@" --group dev -o requirements/dev.txt
