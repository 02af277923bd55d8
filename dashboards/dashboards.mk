# Dashboards, rules and alerts, against the real Prometheus and its promtool: those on PATH, else those that
# dashboards/tools/get-prometheus.sh puts into bin/.

WITH_PROMETHEUS = PATH="$$PATH:$(CURDIR)/bin"; \
	if ! command -v prometheus >/dev/null || ! command -v promtool >/dev/null; then \
		echo 'SKIP: $@: neither PATH nor Debian nor the module proxy has prometheus and promtool'; exit 0; \
	fi; \
	prometheus --version 2>&1 | head -n 1

.PHONY: prometheus test-dashboards test-openmetrics e2e-prometheus

prometheus: ## Get prometheus and promtool into bin/, unless they are on PATH
	@GO='$(GO)' sh dashboards/tools/get-prometheus.sh || echo 'could not get prometheus and promtool'

test-dashboards: prometheus test-openmetrics ## Check dashboards, rules and alerts with promtool
	$(GO) test -count=1 -run 'TestMetricsTable|TestExpositionIsLintFree' ./sinks/prometheus/
	PATH="$$PATH:$(CURDIR)/bin" $(GO) test -count=1 ./dashboards/ ./cmd/shipwake/app/month/blocks/
	$(GO) -C dashboards/build vet ./... && $(GO) -C dashboards/build test -count=1 ./...
	@$(WITH_PROMETHEUS); \
	promtool check rules dashboards/prometheus/rules.yaml dashboards/prometheus/alerts.yaml && \
	promtool test rules dashboards/prometheus/tests/*.yaml

# The reference parser is Python's prometheus_client.
test-openmetrics: ## Read /metrics with the strict parser of OpenMetrics
	@venv=$$(mktemp -d); trap 'rm -rf "$$venv"' EXIT; \
	if ! python3 -m venv "$$venv" >/dev/null 2>&1 || ! "$$venv/bin/pip" -q install prometheus_client >/dev/null 2>&1; then \
		echo 'SKIP: $@: there is no Python with prometheus_client'; exit 0; fi; \
	SHIPWAKE_TEST_OPENMETRICS_PYTHON="$$venv/bin/python" $(GO) test -count=1 -run TestAStrictParserReadsIt ./sinks/prometheus/

e2e-prometheus: prometheus ## With a real Prometheus and Alertmanager: scrape the demo, a company's month, every panel has data, alerts fire and come back as incidents; judge by its telemetry alone
	@$(WITH_PROMETHEUS); \
	SHIPWAKE_TEST_PROMETHEUS="$$(command -v prometheus)" SHIPWAKE_TEST_PROMTOOL="$$(command -v promtool)" \
		SHIPWAKE_TEST_AMTOOL="$$(command -v amtool)" SHIPWAKE_TEST_ALERTMANAGER="$$(command -v alertmanager || ls $(CURDIR)/bin/alertmanager.debian/run 2>/dev/null)" \
		$(GO) test -count=1 -timeout 20m -v -run '^TestPrometheus' ./cmd/shipwake/app/ && \
	SHIPWAKE_TEST_PROMETHEUS="$$(command -v prometheus)" $(GO) test -count=1 -timeout 10m -v -run 'RealPrometheus' ./collector/prometheus/ ./collector/remotewrite/ ./sinks/remotewrite/
