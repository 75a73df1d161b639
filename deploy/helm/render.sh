#!/bin/sh
# Renders the chart with the values of example.yaml to rendered.yaml, by which tests judge it where
# there is no helm. HELM names the program. With --check it only says whether the file is current.
set -eu
cd "$(dirname "$0")"

sources() { find gatepost example.yaml -type f | LC_ALL=C sort; }
sum=$(sources | while read -r file; do echo "$file"; cat "$file"; done | sha256sum | cut -d ' ' -f 1)

if [ "${1:-}" = --check ]; then
    grep -qx "# sources: $sum" rendered.yaml
    exit
fi

{
    echo "# Made by deploy/helm/render.sh: what the chart is with the values of example.yaml."
    echo "# sources: $sum"
    "${HELM:-helm}" template gatepost gatepost --namespace gatepost --values example.yaml \
        --kube-version 1.31.0
} >rendered.new
mv rendered.new rendered.yaml
