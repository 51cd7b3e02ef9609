#!/usr/bin/env bash
# Makes the pictures of the dashboard that the documentation shows, from a demo of this build.
set -euo pipefail
cd "$(dirname "$0")/.."

chromium=$(command -v chromium || command -v google-chrome)
node=$(ls -d e2e/node_modules/node-*/bin/node | head -1)
places=$(mktemp)
bin/sluice demo --json --listen 127.0.0.1:0 --octapipe-listen 127.0.0.1:0 >"$places" &
demo=$!
trap 'kill $demo; rm -f "$places"' EXIT
until [ -s "$places" ]; do sleep 0.2; kill -0 $demo; done
mkdir -p docs/images
cd e2e
"../$node" browser/screenshots.mjs "$chromium" "$(sed 's/.*"dashboard_url":"\([^"]*\)".*/\1/' "$places")" ../docs/images
