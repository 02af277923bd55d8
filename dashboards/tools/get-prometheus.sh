#!/bin/sh
# Makes prometheus and promtool available: does nothing when both are on PATH or in bin/; else unpacks Debian's package
# into bin/ (nothing is installed and no service starts); else builds them from this folder's module. Fails when all
# three are out of reach. An alertmanager with amtool is unpacked likewise, where Debian can be reached.
set -eu
cd "$(dirname "$0")/../.."
PATH="$PATH:$PWD/bin"

have() { command -v prometheus >/dev/null && command -v promtool >/dev/null; }

# from_debian PACKAGE COMMAND: unpacks a package of Debian and runs a command in the folder that it makes, with $bin.
from_debian() (
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
	bin="$PWD/bin" package=$1
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	cd "$work"
	download() { apt-get download "$package" >/dev/null 2>&1; }
	download || { [ "$(id -u)" = 0 ] && apt-get update >/dev/null 2>&1 && download; } || return 1
	dpkg-deb -x "$package"_*.deb . && mkdir -p "$bin" && "$2"
)

unpack_prometheus() { cp usr/bin/prometheus usr/bin/promtool "$bin" && "$bin/prometheus" --version >/dev/null 2>&1; }

# Debian's Alertmanager reads its own templates from /usr/share/prometheus. So that nothing has to be installed, it is made to
# read them from the folder that it runs in: a path of the same length.
unpack_alertmanager() {
	mkdir -p "$bin/alertmanager.debian" && cp -r usr/share/prometheus/alertmanager "$bin/alertmanager.debian" && cp usr/bin/amtool "$bin" &&
		LC_ALL=C sed 's#/usr/share/prometheus#.////////////////////#g' usr/bin/prometheus-alertmanager >"$bin/alertmanager.debian/run" &&
		chmod +x "$bin/alertmanager.debian/run" && "$bin/alertmanager.debian/run" --version >/dev/null 2>&1
}

# Service discovery is left out: it is most of the dependencies, and nothing here discovers services.
from_module() {
	mkdir -p bin
	(cd dashboards/tools && ${GO:-go} build -tags remove_all_sd -o ../../bin/ \
		github.com/prometheus/prometheus/cmd/prometheus github.com/prometheus/prometheus/cmd/promtool)
}

{ { command -v alertmanager || [ -x bin/alertmanager.debian/run ]; } && command -v amtool; } >/dev/null || from_debian prometheus-alertmanager unpack_alertmanager ||
	echo "no alertmanager here, and Debian's package is out of reach"
have && exit 0
echo "no prometheus and promtool here; unpacking Debian's package into bin/"
from_debian prometheus unpack_prometheus && exit 0
echo "could not; building them from dashboards/tools/go.mod, which takes some minutes"
from_module
