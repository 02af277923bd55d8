# Everything people and CI run. `make` or `make help` lists it.

GO       ?= go
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS  := -s -w -X github.com/shipwake/shipwake/cmd/shipwake/app.version=$(VERSION)
# A number of executions: a duration may fail by itself when it ends (golang/go#75804).
FUZZTIME ?= 50000x
BENCH    ?= .
BENCHTIME ?= 1s
BENCHARGS ?=
# Where nobody can press Ctrl-C the demo ends by itself.
DEMOFLAGS ?= $(shell test -t 0 || echo --exit)

# Without cgo everywhere: the tests run what is built, and need no C compiler.
export CGO_ENABLED = 0

.DEFAULT_GOAL := help
.PHONY: help build demo demo-month test race lint fmt fuzz e2e gen bench check clean

help: ## List the targets
	@awk 'BEGIN {FS = ":.*?## "} /^[a-zA-Z0-9_.-]+:.*?## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build bin/shipwake: static, without cgo
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/shipwake ./cmd/shipwake

demo: build ## See it work: a small shop, five deploys and a rollback, about a minute
	./bin/shipwake demo $(DEMOFLAGS)

demo-month: build ## See a month of a company of 40 services and 12 teams: the daemon on its ledger, and data for Prometheus
	./bin/shipwake demo --month $(DEMOFLAGS)

TESTFLAGS ?=

test: ## Run the tests
	$(GO) test $(TESTFLAGS) ./...

# The core starts no goroutine and shares nothing, which a test in internal/arch holds it to: there is nothing to race.
race: ## Run the tests of all that runs concurrently, in their short form, with the race detector (needs a C compiler)
	@if ! command -v "$$($(GO) env CC)" >/dev/null; then echo 'SKIP: the race detector needs a C compiler'; exit 0; fi; \
	set -x; CGO_ENABLED=1 $(GO) test -race -short ./cmd/... ./collector/... ./sinks/... ./internal/outgoing ./correlate/ledger/...

lint: ## gofmt, go vet and staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go')); \
	if [ -n "$$unformatted" ]; then echo "make fmt would change:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags kafka ./collector/kafka/... ./collector/otlp ./sinks/kafka
	$(GO) vet -tags kubernetes ./collector/kubernetes
	$(GO) tool -modfile=tools/go.mod staticcheck ./...

fmt: ## Format the code
	gofmt -w $$(git ls-files --cached --others --exclude-standard '*.go')

fuzz: ## Run every fuzz target, FUZZTIME (50000x) executions each
	@targets=$$(grep -ro --include='*_test.go' --exclude-dir=bench '^func Fuzz[A-Za-z0-9_]*' . \
		| sed 's|/[^/]*:func | |' | sort); \
	if [ -z "$$targets" ]; then echo 'there are no fuzz targets'; exit 1; fi; \
	echo "$$targets"; \
	echo "$$targets" | { failed=; while read -r pkg target; do \
		echo "--- $$pkg $$target"; \
		$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$pkg </dev/null \
			|| failed="$$failed $$pkg.$$target"; \
	done; if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi; }

e2e: ## Run the end-to-end tests and the demo on a busy machine, whatever the test cache says
	SHIPWAKE_TEST_DEMO=1 $(GO) test -count=1 ./cmd/...

gen: ## Write everything that is generated
	$(GO) generate ./...

bench: ## Run the benchmarks that match BENCH (all) for BENCHTIME (1s) each
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -benchmem $(BENCHARGS) ./correlate/... ./collector/... ./sinks/...

check: lint test ## The quick part of .ci/run, which must pass before a change lands
	$(MAKE) gen
	git diff --exit-code

clean: ## Remove what was built
	rm -rf bin dist

-include collector/collector.mk collector/kafka/kafka.mk collector/kubernetes/kubernetes.mk collector/host/outbox.mk tools/tools.mk tools/docs/docs.mk dashboards/dashboards.mk bench/bench.mk deploy/deploy.mk cmd/shipwake/sdk.mk e2e/e2e.mk
