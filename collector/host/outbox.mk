KILLS ?= 2000

.PHONY: kill-outbox bench-history

kill-outbox: ## Kill a daemon that sends messages KILLS (2000) times, some minutes, into bench/results/outbox.md
	SHIPWAKE_OUTBOX_KILLS=$(KILLS) SHIPWAKE_OUTBOX_REPORT=$(CURDIR)/bench/results/outbox \
		$(GO) test -run '^TestNoMessageIsLostByAKill$$' -count=1 -timeout 4h -v ./collector/host

HISTORY ?= 200000

bench-history: ## Take in HISTORY (200000) changes of the last year while telemetry flows, some minutes
	SHIPWAKE_HISTORY_CHANGES=$(HISTORY) $(GO) test -run '^TestAHistoryIsTakenInWhileTelemetryFlows$$' -count=1 -timeout 1h -v ./collector/host
