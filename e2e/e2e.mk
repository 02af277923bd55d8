# Tests that need what other people's programs do: a browser, an identity provider.

.PHONY: e2e-pages

e2e-pages: build ## Visit every page in a headless Chromium: no error, axe clean, nothing wider than the window, about two minutes
	@browser=; for name in $$BROWSER chromium chromium-browser google-chrome; do command -v "$$name" >/dev/null && browser=$$(command -v "$$name") && break; done; \
	if [ -z "$$browser" ]; then echo 'SKIP: e2e-pages: there is no Chromium'; exit 0; fi; \
	axe=$(CURDIR)/bin/axe/package/axe.min.js; \
	if [ ! -e "$$axe" ]; then mkdir -p bin/axe && (cd bin/axe && npm pack --silent axe-core@4.10.3 >/dev/null 2>&1 && tar xzf axe-core-*.tgz) || axe=; fi; \
	[ -n "$$axe" ] || echo 'SKIP: e2e-pages: axe can not be had; the rest is tested'; \
	set -x; cd e2e/pages && $(GO) vet ./... && SHIPWAKE_TEST_PROGRAM='$(CURDIR)/bin/shipwake' SHIPWAKE_TEST_BROWSER="$$browser" SHIPWAKE_TEST_AXE="$$axe" \
		SHIPWAKE_TEST_PICTURES='$(CURDIR)/bin/pages' $(GO) test -count=1 -timeout 9m -v ./...

.PHONY: e2e-oidc

e2e-oidc: build ## Sign in at a real OpenID provider, which runs beside the daemon
	set -x; cd e2e/oidc && $(GO) vet ./... && SHIPWAKE_TEST_PROGRAM='$(CURDIR)/bin/shipwake' $(GO) test -count=1 -timeout 5m -v ./...
