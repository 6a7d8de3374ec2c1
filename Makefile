# Every target works on a fresh clone: what it needs is installed into .venv first.

PYTHON ?= python3
# How many seeds `make bench ROW=…` measures.
SEEDS ?= 3
# `make bench ONLY=…` takes fast, record, sklearn, tutorial, keras, keras-recipe or growth: long ones.
VENV := .venv
BIN := $(VENV)/bin
CORE := $(VENV)/.core
DEV := $(VENV)/.dev
# One thread a test process: two of them share two cores.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

.DEFAULT_GOAL := help
.PHONY: help .venv demo test check format bench clean

help: ## show this list
	@sed -n 's/^\([a-z.]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

# Two stamps: the demo needs the core alone; developing needs everything.
$(CORE): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing smalti into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(DEV): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing smalti and its development tools into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --editable ".[dev]"
	@touch $(CORE) $@

.venv: $(DEV) ## install everything for development

demo: $(CORE) ## train on digits and show the result, within a minute
	@$(BIN)/python examples/demo.py

test: $(DEV) ## run the tests (SMALTI_DATA=folder adds those on real data)
	$(PYTEST)

check: $(DEV) ## format, lint, types, layers, tests, and the README's table
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST)
	$(BIN)/python -m benchmarks table --check

format: $(DEV) ## rewrite the code in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DEV) ## measure speed, start-up and memory; ROW=name a row, ONLY=fast whole trainings
ifdef ROW
	$(BIN)/python -m benchmarks accuracy $(ROW) --seeds $(SEEDS)
else ifdef ONLY
	$(BIN)/python -m benchmarks $(ONLY)
else
	$(BIN)/python -m benchmarks throughput
	$(BIN)/python -m benchmarks startup
	$(BIN)/python -m benchmarks memory
endif
	$(BIN)/python -m benchmarks table

clean: ## remove .venv, caches and built files
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
