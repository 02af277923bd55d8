#!/bin/sh
# Builds the Collector with the service graph: graph.sh OUTPUT. The newest release of that connector that the module proxy
# serves, v0.111.0, asks its host for a meter by a field that the release of the Collector used here doesn't have. So it is
# built from a copy with that one line put right; everything else is as it was released, and checked against go.sum.
set -eu
case $1 in
/*) output=$1 ;;
*) output=$PWD/$1 ;;
esac
cd "$(dirname "$0")"
module=github.com/open-telemetry/opentelemetry-collector-contrib/connector/servicegraphconnector
go=${GO:-go}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

$go mod download "$module"
cp -r "$($go list -m -f '{{.Dir}}' "$module")" "$work/connector"
chmod -R u+w "$work/connector"
file=$work/connector/internal/metadata/generated_telemetry.go
if [ "$(grep -c 'settings\.LeveledMeterProvider(level)' "$file")" != 1 ]; then
	echo "graph.sh: settings.LeveledMeterProvider(level) isn't once in $module, so the copy would not be what it says" >&2
	exit 1
fi
sed 's/settings\.LeveledMeterProvider(level)/settings.MeterProvider/' "$file" >"$work/telemetry.go"
mv "$work/telemetry.go" "$file"

cp go.mod go.sum "$work"
$go mod edit -replace "$module=$work/connector" "$work/go.mod"
CGO_ENABLED=0 $go build -trimpath -tags servicegraph -modfile "$work/go.mod" -o "$output" .
