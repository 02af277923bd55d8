#!/bin/sh
# Called by dpkg as "prerm remove|upgrade …", by rpm with the number of versions that will be left.
set -e
case "$1" in
remove | 0) ;;
*) exit 0 ;; # an upgrade: the new version restarts it
esac
[ -d /run/systemd/system ] || exit 0
systemctl disable --now shipwake.service
