#!/bin/sh
# Makes the secrets that compose.yaml wants, in a file .env beside it. It changes none that is there.
set -eu
cd "$(dirname "$0")"
umask 077
touch .env
for name in SHIPWAKE_GENERIC_SECRET SHIPWAKE_ALERTMANAGER_SECRET SHIPWAKE_TOKEN GRAFANA_PASSWORD; do
	grep -q "^$name=." .env || echo "$name=$(od -An -N20 -tx1 /dev/urandom | tr -d ' \n')" >>.env
done
echo "deploy/compose/.env has all secrets. SHIPWAKE_TOKEN opens Shipwake's pages, GRAFANA_PASSWORD is that of Grafana's admin."
