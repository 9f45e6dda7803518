#!/usr/bin/env bash
# Generates proto/gen (TypeScript) and proto/gen/image.binpb (descriptors for the HTTP side and reflection),
# and the parser of filter expressions.
set -euo pipefail
cd "$(dirname "$0")/.."
node_modules/.bin/buf generate
node_modules/.bin/buf build -o proto/gen/image.binpb --as-file-descriptor-set --exclude-source-info
node_modules/.bin/peggy --format commonjs -o lib/filter/filter-parser.js lib/filter/filter.peggy
