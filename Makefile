# The project's recipes. `make help` lists them.
CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: help build run demo demo-down test lint fmt docs bench image check-image control-plane clean

help: ## List the recipes.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

build: ## Build the release binary.
	$(CARGO) build --release --locked

run: build ## Start the server on this machine with a sample policy and a sample cluster.
	@sh deploy/sample/run.sh $(TARGET)/release/volguard

demo: control-plane ## Tell what goes wrong with storage, without volguard and with it (STORY="one-zone ten-milli": of these only).
	@$(CARGO) test --quiet --locked --test proof -- --demo $(STORY)

demo-down: ## End the cluster of the demo.
	@$(CARGO) test --quiet --locked --test proof -- --demo-down

test: control-plane ## Run every test, those against a real API server too (needs Go once, to build it).
	$(CARGO) test --locked

control-plane: ## Build the control plane, helm and the CSI sidecars that the tests run, once.
	@for name in control-plane helm storage; do \
		OUT="$(TARGET)/control-plane" sh tests/cluster/build.sh $$name > /dev/null || exit 1; \
	done

lint: ## Check formatting, lints, licences and bans.
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets --locked -- -D warnings
	@if $(CARGO) deny --version > /dev/null 2>&1; then $(CARGO) deny check bans licenses sources; \
	else echo "cargo-deny is not installed: bans, licences and sources are not checked"; fi

fmt: ## Format the code.
	$(CARGO) fmt

docs: control-plane ## Write the generated reference, the counts of the corpus and the output in README and guide anew.
	UPDATE=1 $(CARGO) test --locked --test proof -- page::is_up_to_date
	UPDATE=1 $(CARGO) test --locked --test reference --test readme --test corpus --test chart
	UPDATE=1 $(CARGO) test --locked --test proof -- guide

bench: ## Measure reviews side by side with a server that only parses the envelope.
	$(CARGO) bench --locked --bench admission

image: ## Build the container image as an OCI archive (needs buildah, jq, cargo-cyclonedx).
	@sh deploy/image/build.sh

check-image: ## Check the archive that `make image` wrote, and run what is in it (needs root).
	@sh deploy/image/check.sh

clean: ## Remove what was built.
	$(CARGO) clean
