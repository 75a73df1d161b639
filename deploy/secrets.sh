#!/bin/sh
# Makes the secrets of deploy/compose.yaml, once, each for the one user in the containers that reads
# it: sudo deploy/secrets.sh [FOLDER]. What is there already stays as it is.
set -eu
umask 077

folder=${1:-$(dirname "$0")/secrets}
gatepost=10001 postgres=999 nginx=101

if [ "$(id -u)" != 0 ]; then
    echo "secrets: run this as root: each file is given to another user" >&2
    exit 1
fi

random() { head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'; }

# A file for one user: its name, its owner, and its text on standard input.
keep() {
    if [ -e "$folder/$1" ]; then
        echo "secrets: $folder/$1 is there already"
        cat >/dev/null
    else
        cat >"$folder/$1.new"
        chmod 0400 "$folder/$1.new"
        chown "$2:$2" "$folder/$1.new"
        mv "$folder/$1.new" "$folder/$1"
        echo "secrets: made $folder/$1"
    fi
}

mkdir -p "$folder"
chmod 0711 "$folder"
{ random && echo; } | keep master.key "$gatepost"
random | keep postgres-password "$postgres"
printf 'database_url = "postgresql://gatepost:%s@postgres:5432/gatepost"\n' \
    "$(cat "$folder/postgres-password")" | keep gatepost.toml "$gatepost"

for name in tls.crt tls.key; do
    if [ -e "$folder/$name" ]; then
        chown "$nginx:$nginx" "$folder/$name"
        chmod 0400 "$folder/$name"
    else
        echo "secrets: put the certificate and its key to $folder/tls.crt and tls.key, and run this again"
        break
    fi
done
