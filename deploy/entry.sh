#!/bin/sh
# Starts Gatepost in a container: its files are its own, and its memory is never written to disk.
set -eu
umask 077
ulimit -c 0
exec gatepost "$@"
