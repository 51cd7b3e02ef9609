#!/usr/bin/env bash
# Makes sure that nginx is here, for the test that streams and slow calls get through a proxy with its usual settings. Installs Debian's package where it may;
# nothing is started.
set -euo pipefail

command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "nginx is not installed, so that the test through a proxy is skipped: install it, for example with 'apt-get install nginx' or 'brew install nginx'." >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# A service that starts at once would take a port that is not ours to take.
[ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d && trap 'rm -f /usr/sbin/policy-rc.d' EXIT; }
apt-get install -y -qq --no-install-recommends nginx-light >/dev/null || apt-get install -y -qq --no-install-recommends nginx >/dev/null
[ -x /usr/sbin/nginx ]
