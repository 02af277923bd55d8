.PHONY: forgeries slowloris

FORGERIES ?= 1000000
# 10,000 connections take as many open files, in two processes: `ulimit -n` must allow them, else the test says that it skips.
SLOW_SENDERS ?= 10000
SLOW_FOR ?= 60s

# recorded runs a long test, keeps what it says in bench/results/NAME.txt and the lines with figures in NAME.md.
define recorded
@log=bench/results/$(1).txt; $(2) >$$log 2>&1; code=$$?; cat $$log; \
	{ echo '<!-- Written by `make $(1)`. -->'; echo '# $(3)'; echo; \
	sed -n 's/^ *[a-z]*_test.go:[0-9]*: /- /p; s/^ *--- \([A-Z]*\): \(.*\)/- \1: \2/p' $$log; } >bench/results/$(1).md; exit $$code
endef

forgeries: ## Try FORGERIES (1,000,000) forged, altered and replayed deliveries: none is accepted, about a minute
	$(call recorded,forgeries,$(GO) test -count=1 -v -timeout 1h -run '^TestNothingForged' ./collector/source/all -forgeries=$(FORGERIES),Forged and altered and replayed deliveries)

slowloris: ## Hold SLOW_SENDERS (10,000) connections that never finish, SLOW_FOR (60s) for each listener: others wait < 1 s
	$(call recorded,slowloris,$(GO) test -count=1 -v -timeout 1h -run '^TestSlowSenders' ./cmd/shipwake/app -slow-senders=$(SLOW_SENDERS) -slow-for=$(SLOW_FOR) -slow-longest=1s,Senders that never finish)
