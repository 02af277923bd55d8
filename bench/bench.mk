# Benchmarks that drive built binaries. They are modules of their own, so that the product never imports contrib.

BENCHFLAGS ?=

.PHONY: bench-build bench-check bench-ingest bench-series bench-facts bench-scrape bench-results

bench-build: build ## Build what the benchmarks run
	cd bench && CGO_ENABLED=0 $(GO) build -trimpath -o ../bin/bench .
	cd bench/collector && CGO_ENABLED=0 $(GO) build -trimpath -o ../../bin/bench-collector .

bench-check: ## Vet and test the benchmarks themselves
	cd bench && $(GO) vet ./... && $(GO) test ./...
	cd bench/collector && $(GO) vet ./...

bench-ingest: bench-build ## Spans and data points for a CPU second, beside a stock Collector, about 20 minutes
	cd bench && ../bin/bench $(BENCHFLAGS) ingest

bench-series: bench-build ## Memory for each tracked series
	cd bench && ../bin/bench $(BENCHFLAGS) series

bench-facts: bench-build ## Facts acknowledged in a second
	cd bench && ../bin/bench $(BENCHFLAGS) facts

bench-scrape: bench-build ## Time of /metrics at 1,000 services
	cd bench && ../bin/bench $(BENCHFLAGS) scrape

bench-results: bench-ingest bench-series bench-facts bench-scrape ## Measure everything anew into bench/results
