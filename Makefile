# `make demo` and `make test` are the main targets. They need Debian or Ubuntu with Rust, make and a C compiler.
# `make help` lists all targets.

CARGO ?= cargo
CONTAINER ?= docker
IMAGE ?= geelark_exporter
HOST = $(shell rustc --print host-tuple)
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
REVISION = $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

TARGET = $(or $(CARGO_TARGET_DIR),target)

# The duration of `make soak`, and the seed of its random choices.
SOAK_MINUTES ?= 10
SOAK_SEED ?= $(shell date +%s)
SOAK = soak::metrics_stay_correct_and_the_process_does_not_grow
FUZZ_SECONDS ?= 60

# Arguments of the program that a target runs: make demo ARGS=--help
ARGS ?=

.DEFAULT_GOAL := help
# Targets run one after the other, because cargo processes would wait for each other and mix their output.
.NOTPARALLEL:
.PHONY: help demo demo-stack test tools fmt lint names deploy dashboards docs unit integration deny build release image soak fuzz bench clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: ## run the exporter with a simulated fleet
	@echo "Building. When it runs, open http://localhost:9943/"
	@$(CARGO) run --locked -- demo $(ARGS)

demo-stack: tools build ## run the demo with Prometheus and Alertmanager; alerts arrive within a minute
	@scripts/demo-stack.py $(TARGET)/debug/geelark_exporter

test: tools fmt lint deploy docs ## run all checks; installs missing tools
	$(CARGO) test --locked --workspace
	@echo "Everything passed."

tools: ## install the tools of the tests from Debian's packages
	@scripts/install-test-tools.sh

fmt: ## check the format of the code
	$(CARGO) fmt --all --check

lint: ## check for compiler and clippy warnings and for files that import each other
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	@scripts/check-circles --self-test >/dev/null
	@scripts/check-circles

names: ## report type names with two meanings
	scripts/check-circles --names

deploy: ## check the files of deploy/ and the scripts
	scripts/check-deploy.sh

dashboards: ## generate deploy/grafana/dashboards after a change in scripts/dashboards
	python3 scripts/dashboards

docs: ## check that the code's documentation builds without a warning
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps

unit: ## run the unit tests
	$(CARGO) test --locked --workspace --lib --bins $(ARGS)

integration: ## run the integration tests
	$(CARGO) test --locked --test '*' $(ARGS)

deny: ## check the dependencies' licences, sources and bans, if cargo-deny is installed
	@if $(CARGO) deny --version >/dev/null 2>&1; then \
		$(CARGO) deny --locked check --hide-inclusion-graph licenses bans sources; \
	else \
		echo "cargo-deny is not installed (cargo install --locked cargo-deny), so nothing was checked."; \
	fi

build: ## build for development
	$(CARGO) build --locked

release: ## build the static binary
	RUSTFLAGS="-C target-feature=+crt-static" $(CARGO) build --locked --release --target $(HOST)
	@echo "$(TARGET)/$(HOST)/release/geelark_exporter"

image: ## build the container image; CONTAINER=podman uses podman
	$(CONTAINER) build --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) -t $(IMAGE):$(VERSION) $(ARGS) .

soak: ## run random faults, reloads and clients for SOAK_MINUTES (10); SOAK_SEED repeats the random choices
	$(CARGO) build --locked --release
	SOAK_MINUTES=$(SOAK_MINUTES) SOAK_SEED=$(SOAK_SEED) SOAK_PROGRAM=$(abspath $(TARGET)/release/geelark_exporter) \
		$(CARGO) test --locked --test integration -- --exact $(SOAK) --nocapture

fuzz: ## fuzz each parser for FUZZ_SECONDS (60), if cargo-fuzz is installed
	@if $(CARGO) fuzz --version >/dev/null 2>&1; then \
		for target in $$($(CARGO) fuzz list); do \
			RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run "$$target" -s none -- -max_total_time=$(FUZZ_SECONDS) $(ARGS) || exit; \
		done; \
	else \
		echo "cargo-fuzz is not installed (cargo install --locked cargo-fuzz), so nothing was fuzzed."; \
	fi

bench: ## run the benchmarks
	$(CARGO) bench --locked --bench '*' $(ARGS)

clean: ## remove all build output
	$(CARGO) clean
