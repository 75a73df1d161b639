#!/bin/sh
# Sees to it that Chromium and Node with npm are here: tests walk through pages as a person does,
# and let clients that others wrote sign in.
set -eu

missing=
[ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
    command -v google-chrome >/dev/null || missing=" chromium"
command -v node >/dev/null || missing="$missing nodejs"
command -v npm >/dev/null || missing="$missing npm"

if [ -z "$missing" ]; then
    exit 0
fi

installer=$(command -v apt-get || command -v dnf || :)
if [ "$(id -u)" != 0 ] || [ -z "$installer" ]; then
    echo "tests: not here:$missing. Install what is missing, on Debian: apt-get install$missing" >&2
    exit 1
fi

echo "tests: installing$missing" >&2
# $missing without quotes, because it is a list
case $installer in
*apt-get)
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    ;;
*)
    dnf install -y -q $missing >/dev/null
    ;;
esac
