#!/bin/sh
# The ledger in /var/lib/shipwake and the user that owns it stay, also when dpkg purges: what happened can't be told again.
set -e
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
