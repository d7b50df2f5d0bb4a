# Everything a newcomer or CI needs: `make run` and `make test`. `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/sh

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
UV ?= uv

# The first Python of this list that is new enough; `make PYTHON=/path/to/python3 run` overrides.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

# The day the sample reports were published: words like "yesterday" are read from it.
EXAMPLES_PUBLISHED := 2026-03-05
EXAMPLES_OUT := results/examples

.PHONY: help run test lint browser browser-test format mutation-report bench bench-validators bench-batch \
	bench-review bench-local crash-test peers-env lock build clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp ## install, fetch the local model, extract the sample reports
	@$(BIN)/llm-extract models pull
	@$(BIN)/llm-extract run examples/ --published $(EXAMPLES_PUBLISHED) --out $(EXAMPLES_OUT)

test: lint browser $(VENV)/bench.stamp ## install, fetch the local model, check and test everything
	@$(BIN)/llm-extract models pull
	@$(BIN)/python -m pytest --numprocesses auto --dist loadgroup --cov --cov-report=term

lint: $(VENV)/dev.stamp ## ruff, mypy, pyright, import contracts, declared dependencies
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/pyright
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/deptry llm_extract validators evals

browser-test: browser $(VENV)/dev.stamp ## the tests in Chromium alone: review by keyboard, the HTML report
	@$(BIN)/python -m pytest --numprocesses auto --dist loadgroup --no-cov -m browser

# What tests open their pages with: root on Debian gets it here, others are told.
browser:
	@command -v chromium >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "Installing Chromium for the tests of pages"; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
				apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
		else \
			echo "tests marked browser need Chromium; on Debian: apt-get install chromium" >&2; \
		fi; }

format: $(VENV)/dev.stamp ## put the code into ruff's form
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

mutation-report: $(VENV)/dev.stamp ## single faults of records: how many the rules find, and why not
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.mutations

bench: $(VENV)/dev.stamp ## the timed tests, with what they measured
	@$(BIN)/python -m pytest -m slow -s --no-cov

bench-validators: $(VENV)/bench.stamp ## records/s of the rules, grounding beside langextract, growth
	@PYTHONPATH=.:tests $(VENV)/bench/bin/python -m benchmarks.validators

crash-test: $(VENV)/dev.stamp ## kill a 2,000-report job 50 times: nothing lost, doubled or unpaid
	@PYTHONPATH=.:tests $(BIN)/python -m benchmarks.crash --postgres
	@PYTHONPATH=.:tests $(BIN)/python -m benchmarks.crash

bench-batch: $(VENV)/dev.stamp ## our client beside the raw one, many in flight, 200,000 reports (20 min)
	@PYTHONPATH=.:tests $(BIN)/python -m benchmarks.batch

bench-review: $(VENV)/dev.stamp ## the review server: 100,000 cases, 200 requests a second
	@PYTHONPATH=.:tests $(BIN)/python -m benchmarks.review

bench-local: $(VENV)/dev.stamp ## the default model by slots, beside a bare loop over its server
	@PYTHONPATH=.:tests $(BIN)/python -m benchmarks.local

peers-env: $(VENV)/bench.stamp ## the environment of langextract, which evals compare with

build: $(VENV)/dev.stamp ## wheel and sdist in dist/
	@$(BIN)/python -m build --no-isolation

# The locks hold hashes and no addresses; needs uv (`pip install uv`).
COMPILE := $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --only-binary :all: \
	--generate-hashes --no-header --no-emit-index-url --no-emit-find-links
OURS := pyproject.toml requirements/build.in
lock: ## write requirements/*.lock anew from pyproject.toml (needs uv)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	@$(COMPILE) $(OURS) --output-file requirements/run.lock
	@$(COMPILE) $(OURS) --extra dev --constraints requirements/run.lock --output-file requirements/dev.lock
	@$(COMPILE) requirements/bench.in --output-file requirements/bench.lock

clean: ## remove what make made, results excepted
	rm -rf $(VENV) dist build .coverage htmlcov .mypy_cache .pytest_cache .ruff_cache \
		.import_linter_cache .hypothesis

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "llm-extract needs Python 3.11 or newer, and none was found;" \
		"install one or name it: make PYTHON=/path/to/python3 run" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "llm-extract needs Python 3.11 or newer, not $$($(PYTHON) --version 2>&1)" >&2; exit 1; }
	@echo "Creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "This Python cannot make a virtual" \
		"environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

# Only wheels, each checked against its hash; the package itself is linked, not copied. The locks are
# complete, so pip resolves nothing: where it does, a newer release than the locked one of a package
# that another wants with an extra (coverage[toml]) ends the installation.
$(VENV)/run.stamp: requirements/run.lock pyproject.toml hatch_build.py | $(VENV)/bin/python
	@echo "Installing requirements/run.lock (about a minute the first time)"
	@$(PIP) install -qq --no-deps --require-hashes --only-binary :all: --requirement requirements/run.lock
	@$(PIP) install -qq --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.lock $(VENV)/run.stamp
	@echo "Installing requirements/dev.lock"
	@$(PIP) install -qq --no-deps --require-hashes --only-binary :all: --requirement requirements/dev.lock
	@touch $@

# An environment of its own: what is compared with cannot stand beside the packages of run.lock.
$(VENV)/bench.stamp: requirements/bench.lock | $(VENV)/bin/python
	@echo "Installing requirements/bench.lock beside the package's environment"
	@$(BIN)/python -m venv --clear $(VENV)/bench
	@$(VENV)/bench/bin/python -m pip --disable-pip-version-check install -qq --no-deps --require-hashes \
		--only-binary :all: --requirement requirements/bench.lock
	@touch $@
