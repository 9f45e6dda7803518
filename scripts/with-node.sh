#!/usr/bin/env bash
# Runs a command with another version of Node than the machine's, installed into a temporary folder:
# with-node.sh VERSION COMMAND...
set -euo pipefail
version=$1
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --no-audit --no-fund --loglevel=error "node@$version" >/dev/null
export PATH="$folder/node_modules/node/bin:$PATH"
[ "$(node --version)" = "v$version" ]
"$@"
