# Images and units.

.PHONY: image test-deploy test-compose test-helm helm-manifests cluster-tools test-cluster test-builder release-dry-run

image: ## Build the container image shipwake:VERSION
	docker build -f deploy/Dockerfile --build-arg VERSION=$(VERSION) -t shipwake:$(VERSION) .

test-deploy: build ## Load every file of deploy/, and check that the binary is static
	SHIPWAKE_TEST_BINARY="$(CURDIR)/bin/shipwake" SHIPWAKE_TEST_VERSION="$(VERSION)" $(GO) test -count=1 ./deploy/

test-helm: build ## Lint and render the chart with Helm's own engine, decode what comes out strictly, validate the configuration in it
	@if ! $(GO) -C deploy/helm/check mod download; then echo 'SKIP: the modules of Helm and of the APIs can not be had'; exit 0; fi; \
	set -ex; cd deploy/helm/check; $(GO) vet ./...; SHIPWAKE_TEST_PROGRAM='$(CURDIR)/bin/shipwake' $(GO) test -count=1 ./...

helm-manifests: ## Render deploy/kubernetes/shipwake.yaml from the chart
	cd deploy/helm/check && $(GO) test -count=1 -run TestTheManifestsAreWhatTheChartRenders ./... -update

test-compose: build prometheus ## Read compose.yaml as Compose does; an alert of a real Prometheus comes back through a real Alertmanager as an incident
	@if $(GO) -C deploy/compose/check mod download; then set -ex; $(GO) -C deploy/compose/check vet ./...; $(GO) -C deploy/compose/check test -count=1 ./...; \
	else echo 'SKIP: $@: the modules of Compose can not be had'; fi
	@$(WITH_PROMETHEUS); \
	SHIPWAKE_TEST_BINARY='$(CURDIR)/bin/shipwake' SHIPWAKE_TEST_PROMETHEUS="$$(command -v prometheus)" \
		SHIPWAKE_TEST_ALERTMANAGER="$$(command -v alertmanager || ls $(CURDIR)/bin/alertmanager.debian/run 2>/dev/null)" \
		$(GO) test -count=1 -v -run '^Test(Compose|Prometheus|Alertmanager|Grafana)' ./deploy/

cluster-tools: ## Build the kubectl and the helm that test-cluster types, unless they are on PATH
	@command -v kubectl >/dev/null || (set -x; cd internal/kubeserver && $(GO) build -trimpath -ldflags '-s -w' -o ../../bin/kubectl k8s.io/kubernetes/cmd/kubectl)
	@command -v helm >/dev/null || (set -x; cd deploy/helm/check && $(GO) build -trimpath -ldflags '-s -w' -o ../../../bin/helm helm.sh/helm/v4/cmd/helm)

# The newest module of the operator itself that the module proxy has; its API types are a module of their own.
OPERATOR := github.com/prometheus-operator/prometheus-operator@v0.85.0

test-cluster: build ## Follow docs/tasks/kubernetes.md to the first verdict against a real API server, and have it admit all that is shipped
	@if ! (cd internal/kubeserver && $(GO) mod download) || ! (cd deploy/helm/check && $(GO) mod download); then \
		echo 'SKIP: $@: the modules of Kubernetes and Helm can not be had'; exit 0; fi; \
	timeout 12m $(MAKE) kubeserver cluster-tools; code=$$?; \
	if [ $$code = 124 ]; then echo 'SKIP: $@: the API server is not built within 12 minutes'; exit 0; fi; \
	[ $$code = 0 ] || exit $$code; \
	operator=$$($(GO) mod download -json $(OPERATOR) | sed -n 's/^.*"Dir": "\(.*\)".*$$/\1/p'); \
	gateway=$$($(GO) -C deploy/helm/check list -m -f '{{.Dir}}' sigs.k8s.io/gateway-api); \
	crds=; for file in "$$operator"/example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml \
		"$$operator"/example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml \
		"$$gateway"/config/crd/standard/gateway.networking.k8s.io_httproutes.yaml; do \
		if [ -e "$$file" ]; then crds="$$crds $$file"; else echo "SKIP: $@: there is no $$file, so no API server is asked about objects of its kind"; fi; done; \
	PATH="$$PATH:$(CURDIR)/bin"; kubectl=$$(command -v kubectl); helm=$$(command -v helm); \
	set -x; SHIPWAKE_TEST_KUBESERVER='$(CURDIR)/bin/kubeserver' SHIPWAKE_TEST_KUBECTL="$$kubectl" SHIPWAKE_TEST_HELM="$$helm" \
		SHIPWAKE_TEST_BINARY='$(CURDIR)/bin/shipwake' SHIPWAKE_TEST_CRDS="$$crds" $(GO) test -count=1 -timeout 10m -v -run '^TestCluster' ./deploy/

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
