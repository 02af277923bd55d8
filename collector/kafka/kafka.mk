.PHONY: test-kafka

test-kafka: ## Run what reads from Kafka, and what writes to it, against a real broker from Maven Central (needs java 17 and mvn, else skips)
	$(GO) test -tags kafka -run '^(TestRealBroker|TestAFloodIsAppliedOnce|TestReadingKeepsUp|TestTransactionsOfARealBroker|TestTelemetryOfARealBroker|TestEventsReachARealBroker)$$' -count=1 -p 1 -timeout 15m -v ./collector/kafka ./collector/otlp ./sinks/kafka
