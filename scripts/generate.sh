#!/usr/bin/env bash
# Generates proto/gen (TypeScript) and proto/gen/image.binpb (descriptors for the HTTP side and reflection).
set -euo pipefail
cd "$(dirname "$0")/.."
node_modules/.bin/buf generate
node_modules/.bin/buf build -o proto/gen/image.binpb --as-file-descriptor-set --exclude-source-info
