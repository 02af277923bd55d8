# The pages of docs/ as a site, with search, light and dark: by Sphinx, which needs Python. The pages themselves need nothing.

.PHONY: docs docs-links docs-pictures

docs: ## Make a site of docs/ in bin/site, with search (needs Python 3.11 or later, else skips)
	@mkdir -p bin; \
	if [ ! -e bin/docs-venv/ready ]; then \
		python3 -m venv bin/docs-venv && bin/docs-venv/bin/pip install --quiet --disable-pip-version-check -r tools/docs/requirements.txt && touch bin/docs-venv/ready; \
	fi || { echo 'SKIP: docs: Python with Sphinx can not be had'; exit 0; }; \
	rm -rf bin/site bin/site-source; cp -R docs bin/site-source; find bin/site-source -name README.md -execdir mv {} index.md ';'; \
	bin/docs-venv/bin/sphinx-build -q -W --keep-going -c tools/docs -b dirhtml bin/site-source bin/site && echo "bin/site/index.html: $$(find bin/site -name index.html | wc -l) pages"

docs-links: ## Ask each address of others on the pages whether it is still there (skips without a network)
	SHIPWAKE_TEST_LINKS=1 $(GO) test -count=1 -timeout 20m -run '^TestExternalLinks$$' -v ./docs/

docs-pictures: build ## Take the pictures of docs/images anew: a month of the demo in a headless Chromium, about three minutes
	@browser=; for name in $$BROWSER chromium chromium-browser google-chrome; do command -v "$$name" >/dev/null && browser=$$(command -v "$$name") && break; done; \
	if [ -z "$$browser" ]; then echo 'SKIP: docs-pictures: there is no Chromium'; exit 0; fi; \
	cd e2e/pages && SHIPWAKE_TEST_PROGRAM='$(CURDIR)/bin/shipwake' SHIPWAKE_TEST_BROWSER="$$browser" SHIPWAKE_TEST_IMAGES='$(CURDIR)/docs/images' \
		$(GO) test -count=1 -timeout 9m -run '^TestThePicturesOfTheDocumentation$$' ./...
