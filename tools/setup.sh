#!/bin/sh
# Makes .venv: `run` for serving, `dev` for testing too. Does nothing when the stamp says it stands.
set -eu
cd "$(dirname "$0")/.."

lock=requirements/$1.txt
stamp=.venv/$1.stamp
want="$PWD $(cat "$lock" tools/setup.sh | cksum)"

if [ -x .venv/bin/python ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then
    exit 0
fi

say() { echo "setup: $*" >&2; }

new_enough() {
    command -v "$1" >/dev/null && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    say "needs Python 3.11 or newer: ${PYTHON:-python3} is missing or older. Install it, or name one: make PYTHON=/path/to/python3"
    return 1
}

# Debian ships Python without venv and ensurepip.
need_venv() {
    if "$1" -c 'import ensurepip, venv' 2>/dev/null; then
        return
    fi
    package=$(basename "$1")-venv
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        say "$1 has no venv module. Install it, on Debian and Ubuntu: apt-get install $package"
        return 1
    fi
    say "installing $package"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null
}

# Written here, not by pip: an editable install would need build tools that serving does not.
link_source() {
    site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$PWD/src" >"$site/gatepost.pth"
    cat >.venv/bin/gatepost <<END
#!/bin/sh
'''exec' "$PWD/.venv/bin/python" "\$0" "\$@"
' '''
import sys

from gatepost.cli import main

sys.argv[0] = "gatepost"
sys.exit(main())
END
    chmod +x .venv/bin/gatepost
}

# Whole means: its scripts were written for this place and its Python still runs.
if ! new_enough .venv/bin/python || ! grep -qF "$PWD/.venv/" .venv/bin/pip 2>/dev/null; then
    python=$(find_python)
    need_venv "$python"
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi
say "installing $lock"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
link_source
printf '%s\n' "$want" >"$stamp"
