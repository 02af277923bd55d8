#!/bin/sh
# Makes prometheus and promtool available: does nothing when both are on PATH or in bin/; else unpacks Debian's package
# into bin/ (nothing is installed and no service starts); else builds them from this folder's module. Fails when all
# three are out of reach.
set -eu
cd "$(dirname "$0")/../.."
PATH="$PATH:$PWD/bin"

have() { command -v prometheus >/dev/null && command -v promtool >/dev/null; }

from_debian() (
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
	bin="$PWD/bin"
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	cd "$work"
	download() { apt-get download prometheus >/dev/null 2>&1; }
	download || { [ "$(id -u)" = 0 ] && apt-get update >/dev/null 2>&1 && download; } || return 1
	dpkg-deb -x prometheus_*.deb . && mkdir -p "$bin" && cp usr/bin/prometheus usr/bin/promtool "$bin" &&
		"$bin/prometheus" --version >/dev/null 2>&1
)

# Service discovery is left out: it is most of the dependencies, and nothing here discovers services.
from_module() {
	mkdir -p bin
	(cd dashboards/tools && ${GO:-go} build -tags remove_all_sd -o ../../bin/ \
		github.com/prometheus/prometheus/cmd/prometheus github.com/prometheus/prometheus/cmd/promtool)
}

have && exit 0
echo "no prometheus and promtool here; unpacking Debian's package into bin/"
from_debian && exit 0
echo "could not; building them from dashboards/tools/go.mod, which takes some minutes"
from_module
