# The commands of this project. The work is done by sightglass, pytest, ruff and mypy; this file only calls them.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help
help: ## Say what can be done here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: run
run: .venv/run.stamp ## Start the demonstration: a simulated firm, everything that watches it, and a page to open
	$(BIN)/sightglass up --demo

.PHONY: test
test: .venv/dev.stamp ## Prove everything: fetch the real parts, check, run every test
	tests/real/setup.sh
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest --numprocesses=auto --dist=loadfile --no-loadscope-reorder

.PHONY: check
check: .venv/dev.stamp ## Read the code without running it: lint, format, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.PHONY: fmt
fmt: .venv/dev.stamp ## Format the code and mend what lint can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: bench
bench: .venv/bench.stamp ## Measure speed, beside others and beside what the machine allows
	$(BIN)/sightglass bench

.PHONY: migration
migration: .venv/dev.stamp ## Draft a revision of the store: make migration REVISION=0002 FOR="what it is for"
	$(BIN)/python -m queries.migrations.draft "$(REVISION)" "$(FOR)"
	$(BIN)/ruff format --quiet queries/migrations/versions

.PHONY: shots
shots: .venv/dev.stamp ## Take the pictures of the documentation anew, from the running demonstration
	SIGHTGLASS_SHOTS=docs/pictures $(BIN)/python -m pytest -q tests/browser

.PHONY: clean
clean: ## Remove what the commands here made: environment, caches, the demonstration's data
	rm -rf .venv .sightglass .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find app collectors metrics queries sandbox tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment follows what the project asks for: a changed file makes it anew.
.venv/run.stamp: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Sightglass needs Python 3.11 or newer: make PYTHON=python3.11 ...' >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' || \
		{ echo 'Python has no venv here. On Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(PIP) --editable .
	@touch $@

.venv/dev.stamp: .venv/run.stamp
	$(PIP) --editable '.[dev]'
	@touch $@

.venv/bench.stamp: .venv/run.stamp
	$(PIP) --editable '.[bench]'
	@touch $@
