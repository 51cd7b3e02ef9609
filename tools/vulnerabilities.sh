#!/usr/bin/env bash
# Checks the module against the Go vulnerability database, offline: the database is a Go module too, and is indexed here. Fails on a finding
# that our code reaches in a module of others; findings in the standard library are shown, and mended by a newer Go.
set -euo pipefail
cd "$(dirname "$0")/.."

database=golang.org/x/vulndb@v0.0.0-20261105234957-e22db6528018
cache=.cache/vulndb-${database##*-}

if [ ! -f "$cache/index/db.json" ]; then
  if ! source=$(go mod download -json "$database" | sed -n 's/^\t"Dir": "\(.*\)",\?$/\1/p') || [ -z "$source" ]; then
    echo "vulnerabilities: not checked, the database module cannot be downloaded here"
    exit 0
  fi
  rm -rf "$cache"
  go run "${database/@/\/cmd\/indexdb@}" -vulns "$source/data/osv" -out "$cache"
fi
findings=$(mktemp)
trap 'rm -f "$findings"' EXIT
go tool -modfile=tools/go.mod govulncheck -db "file://$PWD/$cache" -format json ./... >"$findings"
go -C tools run ./findings <"$findings"
