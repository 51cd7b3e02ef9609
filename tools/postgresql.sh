#!/usr/bin/env bash
# Makes sure that PostgreSQL's server programs are here, for the tests that start a throw-away cluster of their own.
# Installs Debian's package where it may; no cluster is created and nothing is started.
set -euo pipefail

found() {
  command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

found && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "PostgreSQL 15 or newer is needed for the tests (initdb, postgres): install it, for example with 'apt-get install postgresql' or 'brew install postgresql'." >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null
sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
apt-get install -y -qq --no-install-recommends postgresql >/dev/null
found
