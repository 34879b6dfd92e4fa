#!/bin/sh
# Check the pages: their types by tsc, their modules without a page by node's test runner.
set -eu
cd "$(dirname "$0")"

if ! command -v npm >/dev/null 2>&1; then
  echo "pages: skipped: npm is missing"
  exit 0
fi

# The lock file names no registry: npm ci asks the one that this machine is set up for.
[ -x node_modules/.bin/tsc ] || npm ci --no-audit --no-fund --loglevel=error

echo "pages: types"
node_modules/.bin/tsc -p ../../www
echo "pages: tests"
node --test --test-reporter=spec
