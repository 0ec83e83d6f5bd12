#!/usr/bin/env bash
# What `make test` runs: installs the tests' tools, starts the endpoints on free loopback ports, runs every test,
# and stops exactly the processes it started.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { printf '\n== %s\n' "$*"; }
need() { command -v "$1" >/dev/null 2>&1 || { echo "missing: $1. $2" >&2; exit 1; }; }

need cargo "Install stable Rust: https://rustup.rs"
need cc "Install a C compiler (Debian: apt-get install build-essential)"
need python3 "Install Python 3.10 or newer with venv (Debian: apt-get install python3 python3-venv)"
python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
  { echo "Python 3.10 or newer with venv is needed (Debian: apt-get install python3-venv)" >&2; exit 1; }

target="${CARGO_TARGET_DIR:-target}"
export SHOPSTACK_CACHE_DIR="${SHOPSTACK_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/shopstack}"
mkdir -p "$SHOPSTACK_CACHE_DIR"
unset AWS_PROFILE AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_REGION SHOPSTACK_LOCAL
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null

say "Browser"
if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then
  if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; else as_root="no"; fi
  if [ "$as_root" != no ] && command -v apt-get >/dev/null; then
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq chromium chromium-driver >/dev/null
  else
    echo "missing: chromium and chromedriver. Install them (Debian: apt-get install chromium chromium-driver)" >&2
    exit 1
  fi
fi
chromium --version

say "Python tools"
# Installs what a lock file names, once, and prints the environment's folder.
environment() {
  local lock=$1 folder
  folder="$SHOPSTACK_CACHE_DIR/test-tools/$(sha256sum "$lock" | cut -c1-16)"
  if [ ! -f "$folder/.complete" ]; then
    # Chained, since `set -e` does not reach into a substitution.
    rm -rf "$folder" && python3 -m venv "$folder" >&2 &&
      "$folder/bin/pip" install --quiet --disable-pip-version-check --require-hashes --no-deps \
        --only-binary :all: -r "$lock" >&2 &&
      touch "$folder/.complete" || return 1
  fi
  echo "$folder"
}
tools=$(environment tests/tools/requirements.lock)
policy_tools=$(environment tests/tools/policies.lock)
export SHOPSTACK_TEST_TOOLS="$tools" SHOPSTACK_TEST_POLICY_TOOLS="$policy_tools"

say "Node.js tools"
# Installs what tests/tools/node names, once. Instead of the packages' scripts the program's mode is set here.
if command -v npm >/dev/null; then
  node_tools="$SHOPSTACK_CACHE_DIR/test-tools/$(sha256sum tests/tools/node/package-lock.json | cut -c1-16)"
  if [ ! -f "$node_tools/.complete" ]; then
    rm -rf "$node_tools" && mkdir -p "$node_tools"
    cp tests/tools/node/package.json tests/tools/node/package-lock.json "$node_tools"
    npm ci --prefix "$node_tools" --ignore-scripts --no-audit --no-fund --silent
    find "$node_tools/node_modules" -name Sarif.Multitool -exec chmod u+x {} +
    touch "$node_tools/.complete"
  fi
  export SHOPSTACK_TEST_NODE_TOOLS="$node_tools"
else
  echo "NOT RUN: the SARIF validator, which needs Node.js and npm"
fi

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
answers() { python3 - "$1" <<'P'
import sys, time, urllib.request, urllib.error
url, end = sys.argv[1], time.time() + 60
while time.time() < end:
    try:
        urllib.request.urlopen(url, timeout=2); sys.exit(0)
    except urllib.error.HTTPError:
        sys.exit(0)
    except OSError:
        time.sleep(0.1)
sys.exit("nothing answers at " + url)
P
}

say "Build"
cargo test --workspace --locked --no-run

say "Endpoints"
twin_port=$(free_port)
moto_port=$(free_port)
logs=$(mktemp -d)
moto_pid="" driver_pid="" judge_pid=""
stop() {
  for pid in $judge_pid $moto_pid $driver_pid; do kill "$pid" 2>/dev/null || true; done
  SHOPSTACK_LOCAL_PORT=$twin_port "$target/debug/shopstack" local down >/dev/null || true
  rm -rf "$logs"
}
trap stop EXIT
SHOPSTACK_LOCAL_PORT=$twin_port "$target/debug/shopstack" local up
MOTO_IAM_LOAD_MANAGED_POLICIES=true "$tools/bin/moto_server" -H 127.0.0.1 -p "$moto_port" >"$logs/moto.log" 2>&1 &
moto_pid=$!
driver_port=$(free_port)
# Without a word about who may call, it listens on loopback alone.
chromedriver --port="$driver_port" >"$logs/chromedriver.log" 2>&1 &
driver_pid=$!
answers "http://127.0.0.1:$moto_port/moto-api/"
answers "http://127.0.0.1:$driver_port/status"
# Between tests and endpoints a recorder passes bytes on and has a judge look at every request; see docs/judge.md.
twin_seen=$(free_port)
moto_seen=$(free_port)
(cd tests/tools && exec "$tools/bin/python" -m judge.recorder --report "$logs/judged.json" \
  "$twin_seen=$twin_port" "$moto_seen=$moto_port") >"$logs/judge.log" 2>&1 &
judge_pid=$!
answers "http://127.0.0.1:$twin_seen/_ministack/health"
answers "http://127.0.0.1:$moto_seen/moto-api/"
export SHOPSTACK_TEST_ENDPOINT="http://127.0.0.1:$twin_seen"
export SHOPSTACK_TEST_MOTO="http://127.0.0.1:$moto_seen"
export SHOPSTACK_TEST_WEBDRIVER="http://127.0.0.1:$driver_port"
# A missing endpoint is a failure from here on.
export SHOPSTACK_TEST_REQUIRED=1

say "Lambdas"
# All copies of the shop use these crates and this target folder, so no test waits for cargo.
"$target/debug/shopstack" build

say "Tests"
# Live tests mostly wait, so more of them than there are cores.
export RUST_TEST_THREADS="${RUST_TEST_THREADS:-6}"
export INSTA_UPDATE="${INSTA_UPDATE:-no}"
export INSTA_SNAPSHOT_REFERENCES_FILE="$logs/snapshots"
export SHOPSTACK_TEST_REPLAYED="$logs/replayed"
tests=0
cargo test --workspace --locked --no-fail-fast "$@" || tests=$?

say "Requests against AWS's models"
kill -TERM "$judge_pid"
judged=0
wait "$judge_pid" || judged=$?
judge_pid=""
grep -v '^ready$' "$logs/judge.log" || true
# Some tests alone need not send any request; all of them do.
[ $judged != 3 ] || [ $# = 0 ] || judged=0
[ $tests = 0 ] || exit $tests
[ $judged = 0 ] || { echo "the judge found requests that AWS would refuse, or saw none" >&2; exit 1; }

if [ $# = 0 ]; then
  say "Declared calls"
  "$tools/bin/python" tests/tools/declared.py tests/golden/declared-calls.txt "$logs/judged.json" "$logs/replayed"

  say "Both functions beside Node's, a sample"
  if command -v node >/dev/null && command -v npm >/dev/null; then
    tests/bench/lambda/run.sh sample
  else
    echo "NOT RUN: node and npm are missing"
  fi

  say "Snapshots"
  there=$(find "$PWD/src" "$PWD/tests" -name '*.snap' | sort)
  used=$(xargs -d '\n' realpath <"$INSTA_SNAPSHOT_REFERENCES_FILE" | sort -u)
  unused=$(comm -23 <(echo "$there") <(echo "$used"))
  [ -z "$unused" ] || { printf 'no test refers to these snapshots, delete them:\n%s\n' "$unused" >&2; exit 1; }
  echo "all $(wc -l <<<"$there") are in use"
fi
