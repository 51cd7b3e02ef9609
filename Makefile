# Each target installs what it lacks: Go modules and npm packages from their registries, PostgreSQL, nginx and Chromium from Debian's when root.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
GO ?= go
# Everything but the end-to-end tests, which need a built binary, Node and npm packages.
UNIT = $$($(GO) list ./... | grep -v -e /e2e -e /bench)

.PHONY: help
help: ## Say what the targets do
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

.PHONY: build
build: ## Build bin/sluice
	$(GO) build -o bin/sluice ./cmd/sluice

.PHONY: demo
demo: build ## Start Sluice with an Octapipe sandbox beside it and print how to connect
	@exec bin/sluice demo

.PHONY: check
check: format vet lint postgresql ## The fast loop: formatting, vet, staticcheck, unit tests
	$(GO) test $(UNIT)

.PHONY: test
test: postgresql nginx chromium npm ## All tests, also with real MCP clients against the real binary, on SQLite and PostgreSQL
	$(GO) test -timeout 25m ./...

.PHONY: test-clients
test-clients: npm ## Agents that are large to install, offline: Claude Code, Gemini CLI, opencode
	@tools/npm.sh e2e/agents
	$(GO) test -tags agents ./e2e/ -run '^TestAgents' -count=1 -v

.PHONY: test-vendors
test-vendors: npm postgresql ## Real servers as vendors: PocketBase and Directus, which is large to install
	@tools/npm.sh e2e/directus
	$(GO) test -tags vendors ./e2e/ -run '^Test(PocketBase|Directus)' -count=1 -v

.PHONY: race
race: postgresql ## Tests of the packages where goroutines meet, under the race detector
	tools/race.sh

.PHONY: conformance
conformance: npm ## The official MCP conformance suite against a running Sluice
	$(GO) test ./e2e/ -run '^TestConformance' -count=1 -v

.PHONY: bench
bench: postgresql ## Throughput and latency against a reverse proxy and the official SDK, as ratios
	$(GO) run ./bench

.PHONY: bench-streams
bench-streams: ## Memory and time that 10,000 open streams take of one process
	$(GO) run ./bench streams

.PHONY: screenshots
screenshots: build chromium npm ## The pictures of the dashboard in docs/images, made anew
	@tools/screenshots.sh

.PHONY: format
format: ## Fail on a file that gofmt would change
	@files=$$(git ls-files -z --cached --others --exclude-standard '*.go' | xargs -0 ls -d 2>/dev/null | xargs gofmt -l); \
	if [ -n "$$files" ]; then echo "not formatted, run gofmt -w on:"; echo "$$files"; exit 1; fi

.PHONY: vet
vet: ## go vet
	$(GO) vet ./...

.PHONY: lint
lint: ## staticcheck, at the version that tools/go.mod pins
	$(GO) tool -modfile=tools/go.mod staticcheck ./...

.PHONY: vulnerabilities
vulnerabilities: ## govulncheck, offline
	tools/vulnerabilities.sh

.PHONY: postgresql
postgresql:
	@tools/postgresql.sh

.PHONY: nginx
nginx:
	@tools/nginx.sh

.PHONY: chromium
chromium:
	@tools/chromium.sh

.PHONY: npm
npm:
	@tools/npm.sh e2e
