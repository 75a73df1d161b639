# Two commands matter: `make serve` and `make test`. Both need Python 3.11 or newer, and no more.
# PYTHON=… chooses the interpreter; ARGS=… goes to the program that a target runs.

BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup serve test lint types floors unit dev lock audit bench faults clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: ## make .venv with the locked dependencies
	@tools/setup.sh run

serve: setup ## set up and serve on http://localhost:8080 (ARGS="--port 9000")
	@exec $(BIN)/gatepost serve $(ARGS)

test: lint types floors unit ## run everything: lint, types, floors and the tests (ARGS="-k token")

dev:
	@tools/setup.sh dev

lint: dev ## ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: dev ## mypy, strict
	$(BIN)/mypy

floors: dev ## import-linter: who may import whom
	$(BIN)/lint-imports --no-logo

unit: dev ## the tests alone, with PostgreSQL and a browser at hand (ARGS="-k token")
	@tools/postgres.sh
	@tools/browser.sh
	@tools/npm.sh
	$(BIN)/python -m pytest -n auto --maxprocesses 4 $(ARGS)

lock: ## write requirements/*.txt anew from pyproject.toml (ARGS="--upgrade")
	@tools/lock.sh $(ARGS)

audit: dev ## licences, known weaknesses and a list of all that it is made of (docs/deploy.md)
	@tools/audit.sh $(ARGS)

bench: dev ## measure everything, or the families named (ARGS="tokens --quick")
	@tools/postgres.sh
	@tools/wrk.sh
	$(BIN)/python -m bench $(ARGS)

faults: dev ## break things and count what is lost, or those named (ARGS="L-02 --quick")
	@tools/postgres.sh || :
	@tools/wrk.sh || :
	$(BIN)/python -m faults $(ARGS)

clean: ## remove what was made here, but never data/
	rm -rf .venv .lock-venv dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	rm -rf tests/interop/node_modules bench/.peers bench/.stores
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
