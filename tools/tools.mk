.PHONY: vulncheck sbom

# govulncheck reports a vulnerability only where our code reaches it. Without its database there is no answer, which is not the same as a good one.
vulncheck: ## Look for known vulnerabilities that the program reaches (asks vuln.go.dev, else skips)
	@out=$$(mktemp); trap 'rm -f "$$out"' EXIT; \
	$(GO) tool -modfile=tools/go.mod govulncheck ./cmd/shipwake >"$$out" 2>&1; code=$$?; cat "$$out"; \
	if grep -q 'fetching vulnerabilities' "$$out"; then \
		echo 'SKIP: the vulnerability database can not be reached, so NOTHING is known about vulnerabilities'; exit 0; fi; \
	exit $$code

sbom: build ## Write bin/shipwake.cdx.json: what the binary is made of, as CycloneDX
	cd tools && $(GO) vet ./sbom && $(GO) test ./sbom && $(GO) run ./sbom ../bin/shipwake >../bin/shipwake.cdx.json
	@echo "bin/shipwake.cdx.json: $$(grep -c '"purl"' bin/shipwake.cdx.json) components"
