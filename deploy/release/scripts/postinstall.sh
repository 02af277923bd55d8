#!/bin/sh
# Called by dpkg as "postinst configure [OLD-VERSION]", by rpm with the number of installed versions.
set -e
upgrade=
case "$1" in
configure) [ -z "$2" ] || upgrade=yes ;;
1) ;;
[0-9]*) upgrade=yes ;;
*) exit 0 ;;
esac
# Without systemd (in a container, say) there is nothing to tell.
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
if [ -n "$upgrade" ]; then
	systemctl try-restart shipwake.service
else
	echo 'shipwake is installed and not started. Look at /etc/shipwake/shipwake.yaml, then: systemctl enable --now shipwake'
fi
