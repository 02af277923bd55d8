.PHONY: kubeserver test-kubernetes

# It says its version, as a released one does: charts ask for it.
KUBESERVER := $(GO) build -trimpath -ldflags '-s -w -X k8s.io/component-base/version.gitVersion=$(shell sed -n 's|^.k8s.io/kubernetes ||p' internal/kubeserver/go.mod)' -o ../../bin/kubeserver .

kubeserver: ## Build the API server that test-kubernetes runs
	cd internal/kubeserver && $(KUBESERVER)

# The API server has a thousand packages that nothing else needs: minutes to build on a quiet machine, once.
test-kubernetes: ## Run the Kubernetes receiver against a real API server and its controllers (skips where they can't be had)
	@if ! (cd internal/kubeserver && $(GO) mod download); then \
		echo 'SKIP: test-kubernetes: the modules of Kubernetes can not be had'; exit 0; fi; \
	(cd internal/kubeserver && timeout 12m $(KUBESERVER)); code=$$?; \
	if [ $$code = 124 ]; then echo 'SKIP: test-kubernetes: the API server is not built within 12 minutes'; exit 0; fi; \
	[ $$code = 0 ] || exit $$code; \
	set -x; SHIPWAKE_TEST_KUBESERVER='$(CURDIR)/bin/kubeserver' $(GO) test -tags kubernetes -run '^TestRealServer$$' -count=1 -timeout 10m -v ./collector/kubernetes
