KILLS ?= 2000

.PHONY: kill-outbox

kill-outbox: ## Kill a daemon that sends messages KILLS (2000) times, some minutes, into bench/results/outbox.md
	SHIPWAKE_OUTBOX_KILLS=$(KILLS) SHIPWAKE_OUTBOX_REPORT=$(CURDIR)/bench/results/outbox \
		$(GO) test -run '^TestNoMessageIsLost(ByAKill|OrDoubledByAKill)$$' -count=1 -timeout 4h -v ./collector/host
