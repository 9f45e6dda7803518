#!/usr/bin/env bash
# Generates proto/gen (TypeScript), proto/gen/image.binpb (descriptors for the HTTP side and
# reflection), proto/gen/reflection.binpb (the protocol of reflection), the tables of nouns, the
# OpenAPI document of the HTTP side, and the parsers of filter expressions and queries.
set -euo pipefail
cd "$(dirname "$0")/.."
node_modules/.bin/buf generate
node_modules/.bin/buf build -o proto/gen/image.binpb --as-file-descriptor-set --exclude-source-info
reflection=node_modules/@grpc/reflection/build/proto
node_modules/.bin/buf build "$reflection" --path "$reflection/grpc" \
  -o proto/gen/reflection.binpb --as-file-descriptor-set --exclude-source-info
node -r esbuild-register scripts/nouns.ts proto/gen/image.binpb
documented=$(mktemp --suffix=.binpb)
trap 'rm -f "$documented"' EXIT
node_modules/.bin/buf build -o "$documented" --as-file-descriptor-set
node -r esbuild-register scripts/openapi.ts "$documented"
node_modules/.bin/peggy --format commonjs -o lib/filter/filter-parser.js lib/filter/filter.peggy
node_modules/.bin/peggy --format commonjs -o lib/query/query-parser.js lib/query/query.peggy
node -r esbuild-register scripts/limits.ts
