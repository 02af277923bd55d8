# Images and units.

.PHONY: image test-deploy test-helm helm-manifests test-builder release-dry-run

image: ## Build the container image shipwake:VERSION
	docker build -f deploy/Dockerfile --build-arg VERSION=$(VERSION) -t shipwake:$(VERSION) .

test-deploy: build ## Load every file of deploy/, and check that the binary is static
	SHIPWAKE_TEST_BINARY="$(CURDIR)/bin/shipwake" SHIPWAKE_TEST_VERSION="$(VERSION)" $(GO) test -count=1 ./deploy/

test-helm: build ## Lint and render the chart with Helm's own engine, decode what comes out strictly, validate the configuration in it
	@if ! $(GO) -C deploy/helm/check mod download; then echo 'SKIP: the modules of Helm and of the APIs can not be had'; exit 0; fi; \
	set -ex; cd deploy/helm/check; $(GO) vet ./...; SHIPWAKE_TEST_PROGRAM='$(CURDIR)/bin/shipwake' $(GO) test -count=1 ./...

helm-manifests: ## Render deploy/kubernetes/shipwake.yaml from the chart
	cd deploy/helm/check && $(GO) test -count=1 -run TestTheManifestsAreWhatTheChartRenders ./... -update

# The Collector's own version: see go.mod.
BUILDER := go.opentelemetry.io/collector/cmd/builder@v0.162.0

test-builder: ## Build a Collector of deploy/builder/manifest.yaml by the Collector builder, and run it (skips where the builder can't be had)
	@mkdir -p bin
	@if ! GOBIN='$(CURDIR)/bin' $(GO) install $(BUILDER); then echo 'SKIP: $(BUILDER) can not be had'; exit 0; fi; \
	set -ex; bin/builder --config deploy/builder/manifest.yaml; \
	SHIPWAKE_TEST_COLLECTOR='$(CURDIR)/bin/collector/shipwake-collector' $(GO) test -run '^TestABuiltCollectorJudgesChanges$$' -count=1 -v ./deploy/

RELEASEFLAGS ?=

release-dry-run: ## Make all files of a release in dist/ of the last commit, each program twice, and check them; nothing is published
	@if ! $(GO) -C deploy/release mod download; then echo 'SKIP: the modules that packages and images are made with can not be had'; exit 0; fi; \
	set -ex; cd deploy/release; $(GO) vet ./...; $(GO) run . build $(RELEASEFLAGS); \
	SHIPWAKE_TEST_DIST='$(CURDIR)/dist' $(GO) test -count=1 ./...
