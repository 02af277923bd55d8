# Dashboards, rules and alerts. promtool comes from the machine (PROMTOOL or PATH), else from Debian's package, else it
# is built from the module in dashboards/tools.

PROMTOOL ?= promtool

.PHONY: promtool test-dashboards

promtool: ## Build bin/promtool from its module
	cd dashboards/tools && $(GO) build -o ../../bin/promtool github.com/prometheus/prometheus/cmd/promtool

test-dashboards: ## Check dashboards, rules and alerts with promtool
	@if ! command -v "$(PROMTOOL)" >/dev/null 2>&1 && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "installing Debian's prometheus package for promtool"; \
		apt-get install -y --no-install-recommends prometheus >/dev/null 2>&1 || echo "could not install it"; \
	fi
	@if command -v "$(PROMTOOL)" >/dev/null 2>&1; then \
		"$(PROMTOOL)" --version 2>&1 | head -n 1; \
		"$(PROMTOOL)" check rules dashboards/prometheus/rules.yaml dashboards/prometheus/alerts.yaml && \
		"$(PROMTOOL)" test rules dashboards/prometheus/tests/*.yaml; \
	else \
		echo 'SKIP promtool: not on this machine; "make promtool" builds it, then "make test-dashboards PROMTOOL=bin/promtool"'; \
	fi
	PROMTOOL="$$(realpath "$$(command -v "$(PROMTOOL)" || echo /nonexistent)" 2>/dev/null)" $(GO) test -count=1 ./dashboards/
	$(GO) test -count=1 -run 'TestMetricsTable|TestExpositionIsLintFree' ./sinks/prometheus/
