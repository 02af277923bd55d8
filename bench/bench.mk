# Benchmarks that drive built binaries. They are modules of their own, so that the product never imports contrib.

BENCHFLAGS ?=

.PHONY: accuracy bench-build bench-check bench-graph bench-ingest ingest-guard bench-series bench-facts bench-scrape bench-accuracy bench-ablation bench-kill bench-order bench-ledger bench-restart bench-history bench-import bench-dora bench-cardinality bench-load load-smoke bench-results

bench-build: build ## Build what the benchmarks run
	cd bench && CGO_ENABLED=0 $(GO) build -trimpath -o ../bin/bench .
	cd bench/collector && CGO_ENABLED=0 $(GO) build -trimpath -o ../../bin/bench-collector .

bench-check: ## Vet and test the benchmarks themselves
	cd bench && $(GO) vet ./... && $(GO) test ./...
	cd bench/collector && $(GO) vet ./...

bench-ingest: bench-build bench-graph ## Spans and data points for a CPU second, beside a stock Collector without and with a service graph, about 25 minutes; BENCHFLAGS=-matrix: sizes, protocols and encodings, an hour and a half
	cd bench && ../bin/bench $(BENCHFLAGS) ingest

# An old one is no answer to what the figures are of.
bench-graph: ## Build the Collector with the service graph to compare with
	@rm -f bin/bench-collector-graph
	@GO='$(GO)' bench/collector/graph.sh bin/bench-collector-graph || \
		echo 'SKIP: the Collector with the service graph cannot be built; bench-ingest goes on without it' >&2

# The Collector to compare with has hundreds of packages that nothing else needs: where they can't be had there is nothing to compare.
ingest-guard: build ## bench-ingest in short: fails when spans by HTTP fall behind the Collector or the floor, about 2 minutes
	cd bench && CGO_ENABLED=0 $(GO) build -trimpath -o ../bin/bench .
	@if ! (cd bench/collector && CGO_ENABLED=0 $(GO) build -trimpath -o ../../bin/bench-collector .); then \
		echo 'SKIP: the Collector to compare with cannot be built'; exit 0; fi; \
	set -x; cd bench && ../bin/bench $(BENCHFLAGS) ingest-guard

bench-series: bench-build ## Memory for each tracked series
	cd bench && ../bin/bench $(BENCHFLAGS) series

bench-facts: bench-build ## Facts acknowledged in a second
	cd bench && ../bin/bench $(BENCHFLAGS) facts

bench-scrape: bench-build ## Time and CPU of /metrics at 1,000 and 10,000 services
	cd bench && ../bin/bench $(BENCHFLAGS) scrape

MINUTES ?= 10

bench-load: bench-build ## Ten times the telemetry that it takes, for MINUTES (10), and webhooks all the while
	cd bench && ../bin/bench $(BENCHFLAGS) -minutes $(MINUTES) load

load-smoke: build ## The same in ten seconds, without keeping the figures
	cd bench && kept=$$(mktemp -d) && $(GO) run . -minutes 0.17 -results "$$kept" load && rm -r "$$kept"

bench-accuracy: build ## How right verdicts are, on labelled cases made from seeds and 10,000 pseudo-changes, many minutes
	cd bench && $(GO) run . $(BENCHFLAGS) accuracy

bench-ablation: build ## What each guard of judging gains; CORPORA=DIR,DIR=4 adds recorded cases, hours; goes on where it was stopped
	cd bench && $(GO) run . $(BENCHFLAGS) $(if $(CORPORA),-corpora $(CORPORA)) ablation

CYCLES ?= 10000
OPS ?= 100000

bench-kill: build ## Kill a busy ledger CYCLES (10000) times and look for what is lost or doubled, about 20 minutes
	cd bench && $(GO) run . $(BENCHFLAGS) -size $(CYCLES) kill

ORDERS ?= 1000000

bench-order: build ## Have facts arrive in ORDERS (1000000) orders and look whether it shows, about 15 minutes
	cd bench && $(GO) run . $(BENCHFLAGS) -size $(ORDERS) order

bench-ledger: build ## OPS (100000) random operations and faults at the ledger and at its model, many minutes
	cd bench && $(GO) run . $(BENCHFLAGS) -size $(OPS) ledger

bench-restart: build ## Time of a restart with 100,000 changes
	cd bench && $(GO) run . $(BENCHFLAGS) restart

HISTORY ?= 1000000

bench-import: bench-build ## A million changes by `shipwake import` beside the daemon, about 10 minutes
	cd bench && ../bin/bench $(BENCHFLAGS) import

bench-history: bench-build ## Take in HISTORY (1000000; 200000 for a look) changes of the last year while telemetry flows, some minutes
	cd bench && ../bin/bench $(BENCHFLAGS) -size $(HISTORY) history

bench-dora: build ## Cost of DORA numbers over 10,000, 100,000 and 1,000,000 changes of 10,000 services, some minutes
	cd bench && $(GO) run . $(BENCHFLAGS) dora

accuracy: ## bench-accuracy in short: fails when a figure is worse than its floor in bench/accuracy/floors.json
	cd bench && $(GO) run . $(BENCHFLAGS) guard

SERVICES   ?= 1000000
OPERATIONS ?= 10000000

bench-cardinality: bench-build ## A bomb of SERVICES (1,000,000) and OPERATIONS (10,000,000) on a daemon, about 10 minutes
	cd bench && ../bin/bench $(BENCHFLAGS) -services $(SERVICES) -operations $(OPERATIONS) cardinality

bench-results: bench-ingest bench-series bench-facts bench-scrape bench-accuracy ## Measure everything anew into bench/results
