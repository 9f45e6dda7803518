#!/usr/bin/env bash
# Packs, installs globally into an empty directory, and runs what was installed: the CLI, dev mode,
# a first login.
set -euo pipefail
cd "$(dirname "$0")/.."
# Only this user can enter it: dev mode must cope with programs that its PostgreSQL user cannot
# read.
dir=$(mktemp -d)
dev=
cleanup() {
  [ -z "$dev" ] || kill -9 "$dev" 2>/dev/null || true
  rm -rf "$dir"
}
trap cleanup EXIT

archive=$(npm pack --silent --pack-destination "$dir" | tail -1)
npm install --silent --global --prefix "$dir/prefix" "$dir/$archive"
export PATH="$dir/prefix/bin:$PATH" HOME="$dir/home" TMPDIR=/tmp
mkdir -p "$HOME"
cd "$HOME"
sallyport version

free_port() { node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'; }
api=$(free_port)
: >"$dir/dev.log"
sallyport dev -api-listen-address "127.0.0.1:$api" -cluster-listen-address "127.0.0.1:$(free_port)" \
  -proxy-listen-address "127.0.0.1:$(free_port)" -ops-listen-address "127.0.0.1:$(free_port)" \
  -worker-ops-listen-address "127.0.0.1:$(free_port)" >"$dir/dev.log" 2>&1 &
dev=$!
for _ in $(seq 300); do
  grep -q 'server started' "$dir/dev.log" && break
  kill -0 "$dev" 2>/dev/null || break
  sleep 0.2
done
grep -q 'server started' "$dir/dev.log" || { cat "$dir/dev.log"; exit 1; }
export SALLYPORT_ADDR="http://127.0.0.1:$api"
SALLYPORT_TRY_PASSWORD=password sallyport authenticate password -auth-method-id ampw_1234567890 -login-name admin \
  -password env://SALLYPORT_TRY_PASSWORD -keyring-type none -format json >"$dir/login.json"
SALLYPORT_TRY_TOKEN=$(node -p "JSON.parse(require('fs').readFileSync('$dir/login.json')).item.attributes.token") \
  sallyport targets list -scope-id p_1234567890 -token env://SALLYPORT_TRY_TOKEN | grep -q ttcp_1234567890
kill -INT "$dev"
code=0
wait "$dev" || code=$?
dev=
[ "$code" -eq 0 ] || { cat "$dir/dev.log"; echo "dev mode ended with $code"; exit 1; }
