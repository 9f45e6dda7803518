#!/usr/bin/env bash
# Writes services/controller/db/schema.sql: the schema after all migrations (needs pg_dump 15). The
# test beside it fails when the file is not current.
set -euo pipefail
cd "$(dirname "$0")/.."
SALLYPORT_WRITE_SCHEMA=1 exec node_modules/.bin/jest services/controller/db/schema.test.ts
