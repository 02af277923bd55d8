.PHONY: forgeries slowloris

FORGERIES ?= 1000000
# 10,000 connections take as many open files, twice: `ulimit -n` must allow them.
SLOW_SENDERS ?= 10000
SLOW_FOR ?= 60s

forgeries: ## Try FORGERIES (1,000,000) forged, altered and replayed deliveries: none is accepted, about a minute
	$(GO) test -count=1 -v -timeout 1h -run '^TestNothingForged' ./collector/source/all -forgeries=$(FORGERIES)

slowloris: ## Hold SLOW_SENDERS (10,000) connections that never finish, for SLOW_FOR (60s) a listener: others wait < 1 s
	$(GO) test -count=1 -v -timeout 1h -run '^TestSlowSenders' ./cmd/shipwake/app -slow-senders=$(SLOW_SENDERS) -slow-for=$(SLOW_FOR) -slow-longest=1s
