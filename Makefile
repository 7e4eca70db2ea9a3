# Two commands are enough on a Debian or Ubuntu machine with Rust, make and a C compiler: `make demo` and `make test`.
# The others are their parts. `make help` lists all.

CARGO ?= cargo
CONTAINER ?= docker
IMAGE ?= geelark_exporter
HOST = $(shell rustc --print host-tuple)
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
REVISION = $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

TARGET = $(or $(CARGO_TARGET_DIR),target)

# How long `make soak` goes on, and what it does meanwhile: the same seed makes the same choices.
SOAK_MINUTES ?= 10
SOAK_SEED ?= $(shell date +%s)
SOAK = soak::metrics_stay_correct_and_the_process_does_not_grow
FUZZ_SECONDS ?= 60

# ARGS goes to the program that a target runs: make demo ARGS=--help
ARGS ?=

.DEFAULT_GOAL := help
# One thing at a time: two cargos would only wait for each other, and their output would mix.
.NOTPARALLEL:
.PHONY: help demo demo-stack test tools fmt lint names deploy dashboards docs unit integration deny build release image soak fuzz bench clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: ## run the exporter against a simulated fleet; nothing else is needed
	@echo "Building. The page will be at http://localhost:9943/"
	@$(CARGO) run --locked -- demo $(ARGS)

demo-stack: tools build ## the demo with Prometheus and Alertmanager: alerts arrive within a minute
	@scripts/demo-stack.py $(TARGET)/debug/geelark_exporter

test: tools fmt lint deploy docs ## everything that must pass, tools for it included
	$(CARGO) test --locked --workspace
	@echo "Everything passed."

tools: ## install what the tests need from Debian's packages
	@scripts/install-test-tools.sh

fmt: ## is the code formatted
	$(CARGO) fmt --all --check

lint: ## compiler and clippy warnings are errors, and no two files import each other
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	@scripts/check-circles --self-test >/dev/null
	@scripts/check-circles

names: ## report type names with two meanings
	scripts/check-circles --names

deploy: ## check the shipped Prometheus files, units and scripts
	scripts/check-deploy.sh

dashboards: ## write deploy/grafana/dashboards anew, after a change in scripts/dashboards
	python3 scripts/dashboards

docs: ## the code's documentation builds without a warning
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps

unit: ## the tests beside the code
	$(CARGO) test --locked --workspace --lib --bins $(ARGS)

integration: ## the tests of the whole program
	$(CARGO) test --locked --test '*' $(ARGS)

deny: ## licences, sources and bans of the dependencies, where cargo-deny is installed
	@if $(CARGO) deny --version >/dev/null 2>&1; then \
		$(CARGO) deny --locked check --hide-inclusion-graph licenses bans sources; \
	else \
		echo "cargo-deny is not installed (cargo install --locked cargo-deny), so nothing was checked."; \
	fi

build: ## a debug build
	$(CARGO) build --locked

release: ## the static binary that is shipped
	RUSTFLAGS="-C target-feature=+crt-static" $(CARGO) build --locked --release --target $(HOST)
	@echo "$(TARGET)/$(HOST)/release/geelark_exporter"

image: ## the container image; CONTAINER=podman for another builder
	$(CONTAINER) build --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) -t $(IMAGE):$(VERSION) $(ARGS) .

soak: ## ten minutes (SOAK_MINUTES) of everything going wrong at once; SOAK_SEED repeats a run's choices
	$(CARGO) build --locked --release
	SOAK_MINUTES=$(SOAK_MINUTES) SOAK_SEED=$(SOAK_SEED) SOAK_PROGRAM=$(abspath $(TARGET)/release/geelark_exporter) \
		$(CARGO) test --locked --test integration -- --exact $(SOAK) --nocapture

fuzz: ## throw odd bytes at every parser, FUZZ_SECONDS (60) each, where cargo-fuzz is installed
	@if $(CARGO) fuzz --version >/dev/null 2>&1; then \
		for target in $$($(CARGO) fuzz list); do \
			RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run "$$target" -s none -- -max_total_time=$(FUZZ_SECONDS) $(ARGS) || exit; \
		done; \
	else \
		echo "cargo-fuzz is not installed (cargo install --locked cargo-fuzz), so nothing was fuzzed."; \
	fi

bench: ## measure what must stay fast
	$(CARGO) bench --locked --bench '*' $(ARGS)

clean: ## remove what was built
	$(CARGO) clean
