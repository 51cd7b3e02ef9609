#!/usr/bin/env bash
# Makes sure that Chromium is here, for the tests in which a person clicks through pages. Installs Debian's package where it may; nothing is started.
set -euo pipefail

found() {
  command -v chromium >/dev/null || command -v google-chrome >/dev/null || [ -x '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome' ]
}

found && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "Chromium is not installed, so that the tests with a real browser are skipped: install it, for example with 'apt-get install chromium'." >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium >/dev/null
found
