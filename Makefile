# The index of what can be done here. Each verb is a few lines; the work is in CMake and scripts/.
# `make` alone, or `make help`, lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
# Two cores' worth of work is inside each verb; two verbs at once would share a build folder.
.NOTPARALLEL:

BUILD := build
CMAKE_OPTIONS :=
# Warnings stop nobody at home, and everybody in CI.
WERROR := $(if $(CI),-DSECRETSTORE_WERROR=ON)
# What run and up need of the build: no test.
PROGRAMS := secretstore-worker secretstore-egress secretstorectl
TARGETS :=
# Seconds for each fuzz target.
FUZZ_SECONDS ?= 60
# For run and up: make up PORT=8444 WORKERS=4 THREADS=64
STACK_OPTIONS := $(if $(PORT),--port $(PORT)) $(if $(WORKERS),--workers $(WORKERS)) \
    $(if $(THREADS),--threads $(THREADS))
export SECRETSTORE_BUILD := $(BUILD)
# Objects of this tree serve its other build folders, and the package, too.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
# What it asks for where there are precompiled headers (its manual); the rest as it is.
export CCACHE_SLOPPINESS := locale,pch_defines,time_macros

.PHONY: help build test unit openapi store functional drill asan tsan deb test-systemd fuzz bench siege testssl lint monitoring format run up down clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 22

build: ## compile everything into build/
	@scripts/install-deps
	@cmake -S . -B $(BUILD) -G Ninja $(WERROR) $(CMAKE_OPTIONS) >/dev/null
	@ninja -C $(BUILD) $(TARGETS)

test: ## all suites: unit, openapi, store, functional
	@scripts/install-deps test
	@$(MAKE) build unit openapi store functional

unit: ## core and router alone, nothing running
	@node --test test/vectors/open-sealed-box.test.mjs
	@ctest --test-dir $(BUILD) -L unit --output-on-failure

openapi: ## the API's description: linted, its examples, a typed client
	@node --test test/openapi/openapi.test.mjs

store: ## against a throw-away PostgreSQL
	@scripts/with-postgres ctest --test-dir $(BUILD) -L store --output-on-failure

functional: ## the whole stack from outside, with the official clients
	@node test/functional/run.mjs

asan: ## all suites under AddressSanitizer and UBSan
	@$(MAKE) test BUILD=build-asan CMAKE_OPTIONS=-DSECRETSTORE_SANITIZE=address,undefined

tsan: ## all suites under ThreadSanitizer
	@TSAN_OPTIONS=suppressions=$(CURDIR)/test/tsan.supp \
	    $(MAKE) test BUILD=build-tsan CMAKE_OPTIONS=-DSECRETSTORE_SANITIZE=thread

deb: ## the Debian package, into build/deb/
	@scripts/install-deps deb
	@scripts/build-deb $(BUILD)/deb
	@lintian --info --fail-on error,warning $(BUILD)/deb/*.changes

test-systemd: ## that package, in a machine that really boots: install, run, upgrade, remove
	@scripts/install-deps test deb systemd
	@test/systemd/run "$$(scripts/build-deb $(BUILD)/deb)"

fuzz: ## each fuzz target for FUZZ_SECONDS (60)
	@scripts/install-deps fuzz
	@test/fuzz/run $(FUZZ_SECONDS)

drill: ## a backup of 100,000 secrets under load, restored elsewhere
	@scripts/install-deps test
	@$(MAKE) build
	@SECRETSTORE_DRILL_SECRETS=100000 node test/functional/run.mjs backup

bench: ## what it does in a second, beside the floors of this machine
	@scripts/install-deps bench
	@$(MAKE) build
	@scripts/bench

siege: ## what each limit lets pass, and what good clients notice of thousands of bad ones
	@scripts/install-deps test
	@$(MAKE) build
	@scripts/siege

testssl: ## what testssl.sh says of the TLS
	@scripts/install-deps testssl
	@$(MAKE) build TARGETS="$(PROGRAMS)"
	@scripts/testssl

lint: ## layers, clang-tidy, shellcheck
	@scripts/install-deps lint
	@scripts/check-layers
	@scripts/lint

monitoring: ## what Prometheus thinks of the alerts, the dashboard and a page of metrics
	@scripts/install-deps test monitoring
	@scripts/check-monitoring
	@$(MAKE) build
	@SECRETSTORE_PROMTOOL=required node test/functional/run.mjs metrics.test

format: ## rewrite the sources as clang-format 14 has them
	@scripts/install-deps lint
	@scripts/format

run: ## a whole store on https://localhost:8443 (PORT=…) until Ctrl-C
	@scripts/install-deps
	@scripts/dev-stack check $(STACK_OPTIONS)
	@$(MAKE) build TARGETS="$(PROGRAMS)"
	@exec scripts/dev-stack run $(STACK_OPTIONS)

up: ## the same in the background
	@scripts/install-deps
	@scripts/dev-stack check $(STACK_OPTIONS)
	@$(MAKE) build TARGETS="$(PROGRAMS)"
	@scripts/dev-stack up $(STACK_OPTIONS)

down: ## stop it; its data stay in run/
	@scripts/dev-stack down

clean: ## remove what was built, and run/ with its data (after make down)
	@rm -rf build build-asan build-tsan build-fuzz
	@scripts/dev-stack clean
