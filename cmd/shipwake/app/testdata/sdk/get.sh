#!/bin/sh
# get.sh DIR: puts the OpenTelemetry SDKs of Python and Node into a folder, as their users install them.
set -e
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" && cd "$1"
cmp -s "$here/requirements.txt" python/requirements.txt || {
	rm -rf python
	python3 -m venv python
	python/bin/pip install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
	cp "$here/requirements.txt" python/
} &
python=$!
cmp -s "$here/package.json" node/package.json || {
	rm -rf node
	mkdir node.new
	cp "$here/package.json" node.new/
	(cd node.new && npm install --silent --no-audit --no-fund)
	mv node.new node
}
wait $python
