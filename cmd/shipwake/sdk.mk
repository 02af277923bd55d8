# The real OpenTelemetry SDKs at their default settings.

SDKS = $(CURDIR)/bin/sdk

.PHONY: e2e-sdk

e2e-sdk: ## A fault told by the real Python and Node SDKs as they come has one verdict that stays, about five minutes
	@if ! sh cmd/shipwake/app/testdata/sdk/get.sh '$(SDKS)'; then \
		echo 'SKIP: e2e-sdk: python3, node or their OpenTelemetry packages can not be had'; exit 0; \
	fi; \
	set -x; SHIPWAKE_TEST_SDK='$(SDKS)' $(GO) test -count=1 -timeout 9m -v -run '^TestSDKs' ./cmd/shipwake/app/
