#!/usr/bin/env bash
# Runs the tests of the packages where goroutines meet under the race detector. Where they need a database they get PostgreSQL: the embedded
# SQLite is C translated to Go, and a hundred times slower when every access is watched.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(account audit gateway mcp mcpserver outbound stdio vendor)
exec go test -race -timeout 25m -skip '/^SQLite$' "${packages[@]/#/./internal/}"
