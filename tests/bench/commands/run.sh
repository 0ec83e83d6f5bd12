#!/usr/bin/env bash
# What `make bench` runs: commands on a twin of their own, beside 46 DescribeTable calls by boto3.
# Takes the binary to measure as its argument; without one, it builds and measures the debug binary.
set -euo pipefail
cd "$(dirname "$0")/../../.."

cache="${SHOPSTACK_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/shopstack}"
tools="$cache/test-tools/$(sha256sum tests/tools/requirements.lock | cut -c1-16)"
[ -x "$tools/bin/python" ] || { echo "missing: the tests' Python tools. Run tests/tools/run.sh once" >&2; exit 1; }

binary=${1:-${CARGO_TARGET_DIR:-target}/debug/shopstack}
[ $# = 1 ] || cargo test --workspace --locked --no-run --quiet
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export SHOPSTACK_LOCAL_PORT=$port
trap '"$binary" local down >/dev/null' EXIT
"$binary" local up
"$tools/bin/python" tests/bench/commands/measure.py "$binary" "http://127.0.0.1:$port"
