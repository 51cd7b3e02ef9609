#!/usr/bin/env bash
# Installs from the lock file in a folder, only when that has changed: in e2e the MCP clients that the end-to-end tests drive and the Node they need,
# in e2e/agents the agents that are too large for every run, in e2e/directus a vendor.
set -euo pipefail
cd "$(dirname "$0")/../$1"

stamp=node_modules/.installed
cmp -s package-lock.json "$stamp" && exit 0
if ! command -v npm >/dev/null; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "npm is needed for the tests with real clients: install Node.js with npm." >&2
    exit 1
  fi
  DEBIAN_FRONTEND=noninteractive apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends npm >/dev/null
fi
# No package's install script is run: what the tests need comes ready in the packages. npm install keeps to the lock file as npm ci does, and puts up with a
# registry that has no package for some other platform, which the lock file then lacks.
npm install --no-save --ignore-scripts --no-progress --loglevel=error
cp package-lock.json "$stamp"
