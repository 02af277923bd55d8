# Images and units.

.PHONY: image test-deploy

image: ## Build the container image shipwake:VERSION
	docker build -f deploy/Dockerfile --build-arg VERSION=$(VERSION) -t shipwake:$(VERSION) .

test-deploy: build ## Load every file of deploy/, and check that the binary is static
	SHIPWAKE_TEST_BINARY="$(CURDIR)/bin/shipwake" SHIPWAKE_TEST_VERSION="$(VERSION)" $(GO) test -count=1 ./deploy/
