.PHONY: forgeries slowloris deliveries

FORGERIES ?= 1000000
# 10,000 connections take as many open files, in two processes: `ulimit -n` must allow them, else the test says that it skips.
SLOW_SENDERS ?= 10000
SLOW_FOR ?= 60s

# recorded runs a long test or a benchmark, keeps what it says in bench/results/NAME.txt and the lines with figures in NAME.md,
# under a title and what a fourth argument says.
define recorded
@log=bench/results/$(1).txt; { $(2); } >$$log 2>&1; code=$$?; cat $$log; \
	{ echo '<!-- Written by `make $(1)`. -->'; echo '# $(3)'; echo; \
	$(if $(4),echo '$(4)'; echo;) \
	sed -n -e 's/^\(Benchmark[^ \t]*\)[ \t]*/- \1: /p' -e 's/^ *[a-z]*_test.go:[0-9]*: /- /p; s/^ *--- \([A-Z]*\): \(.*\)/- \1: \2/p' $$log; } >bench/results/$(1).md; exit $$code
endef

forgeries: ## Try FORGERIES (1,000,000) forged, altered and replayed deliveries: none is accepted, about a minute
	$(call recorded,forgeries,$(GO) test -count=1 -v -timeout 1h -run '^TestNothingForged' ./collector/source/all -forgeries=$(FORGERIES),Forged and altered and replayed deliveries)

slowloris: ## Hold SLOW_SENDERS (10,000) connections that never finish, SLOW_FOR (60s) for each listener: others wait < 1 s
	$(call recorded,slowloris,$(GO) test -count=1 -v -timeout 1h -run '^TestSlowSenders' ./cmd/shipwake/app -slow-senders=$(SLOW_SENDERS) -slow-for=$(SLOW_FOR) -slow-longest=1s,Senders that never finish)

MESSAGES ?= 1000000

define about_deliveries
Deliveries other than by the door of webhooks, which is in [facts.md](facts.md). From Kafka: MESSAGES (1,000,000) changes written to a real broker and read meanwhile by members of one group with one ledger, of whom one comes late and one goes, while the broker is killed and started again; the run fails unless each is in the ledger once. Writer, members, ledger and broker share the machine. Then 100,000 that are there already, read by one member: from the broker to the synced commit. By a mapping: from the bytes of a delivery to its fact, short and with much that is not read.
endef

deliveries: ## MESSAGES (1,000,000) changes through a real broker of Kafka, and what a mapping costs, some minutes
	$(call recorded,deliveries,SHIPWAKE_TEST_MESSAGES=$(MESSAGES) $(GO) test -tags kafka -count=1 -v -timeout 1h -run '^(TestAFloodIsAppliedOnce|TestReadingKeepsUp)$$' ./collector/kafka && $(GO) test -run '^$$' -bench '^BenchmarkRead$$' -benchmem ./collector/source/mapping,Deliveries by Kafka and by mappings,$(about_deliveries))
