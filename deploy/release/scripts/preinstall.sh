#!/bin/sh
# Makes the user that the daemon runs as. The ledger belongs to it, so it stays when the package goes.
set -e
if ! getent group shipwake >/dev/null; then
	groupadd --system shipwake
fi
if ! getent passwd shipwake >/dev/null; then
	useradd --system --gid shipwake --home-dir /var/lib/shipwake --no-create-home --shell /usr/sbin/nologin --comment Shipwake shipwake
fi
