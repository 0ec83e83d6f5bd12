#!/usr/bin/env bash
# What `make bench-lambda` runs: builds the Rust functions, installs the Node ones, and measures both. With `sample`, as in
# `make test`, few calls are made, with the shopstack that is built already: whether it runs is tried, and not how fast.
set -euo pipefail
cd "$(dirname "$0")/../../.."

need() { command -v "$1" >/dev/null 2>&1 || { echo "missing: $1. $2" >&2; exit 1; }; }
need node "Install Node 20 or newer: https://nodejs.org"
need npm "It comes with Node."

target="${CARGO_TARGET_DIR:-target}"
here=tests/bench/lambda
work="$target/bench-lambda"
mkdir -p "$work/node"

# The very zips that `up` would deploy.
[ "${1:-}" = sample ] || cargo build --locked
"$target/debug/shopstack" build --json >"$work/build.json"
python3 - "$work/build.json" "$work/rust" <<'P'
import json, os, shutil, sys, zipfile
with open(sys.argv[1]) as report:
    artifacts = json.load(report)["artifacts"]
for artifact in artifacts:
    folder = os.path.join(sys.argv[2], artifact["function"])
    os.makedirs(folder, exist_ok=True)
    shutil.copy(artifact["zip"], os.path.join(folder, "function.zip"))
    with zipfile.ZipFile(artifact["zip"]) as archive:
        archive.extract("bootstrap", folder)
    os.chmod(os.path.join(folder, "bootstrap"), 0o755)
P

cp $here/node/*.mjs $here/node/package.json $here/node/package-lock.json "$work/node/"
if ! npm ci --prefix "$work/node" --no-audit --no-fund --loglevel=error; then
  [ "${1:-}" = sample ] || exit 1
  echo "NOT RUN: npm cannot install the Node functions"
  exit 0
fi
rm -f "$work/node.zip"
python3 - "$work/node" "$work/node.zip" <<'P'
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[2], "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    for folder, _, names in os.walk(sys.argv[1]):
        for name in names:
            path = os.path.join(folder, name)
            archive.write(path, os.path.relpath(path, sys.argv[1]))
P

node $here/bench.mjs "$work/rust" "$work/node" "$work/node.zip" "$@"
