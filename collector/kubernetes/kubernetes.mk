.PHONY: kubeserver test-kubernetes

kubeserver: ## Build the API server that test-kubernetes runs
	cd internal/kubeserver && $(GO) build -trimpath -ldflags '-s -w' -o ../../bin/kubeserver .

# The API server has a thousand packages that nothing else needs: minutes to build on a quiet machine, once.
test-kubernetes: ## Run the Kubernetes receiver against a real API server and its controllers (skips where they can't be had)
	@if ! (cd internal/kubeserver && $(GO) mod download); then \
		echo 'SKIP: test-kubernetes: the modules of Kubernetes can not be had'; exit 0; fi; \
	(cd internal/kubeserver && timeout 12m $(GO) build -trimpath -ldflags '-s -w' -o ../../bin/kubeserver .); code=$$?; \
	if [ $$code = 124 ]; then echo 'SKIP: test-kubernetes: the API server is not built within 12 minutes'; exit 0; fi; \
	[ $$code = 0 ] || exit $$code; \
	set -x; SHIPWAKE_TEST_KUBESERVER='$(CURDIR)/bin/kubeserver' $(GO) test -tags kubernetes -run '^TestRealServer$$' -count=1 -timeout 10m -v ./collector/kubernetes
