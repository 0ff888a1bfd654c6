# Every target sets up what it needs in .venv; Python 3.11 or later and make are enough.
PYTHON ?= python3
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null)
ifdef UV
INSTALL := $(UV) pip install --quiet --python $(BIN)/python
VENV := $(UV) venv --quiet --seed --allow-existing --python $(PYTHON) .venv
else
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
VENV := $(PYTHON) -m venv .venv
endif

.PHONY: help setup demo test format bench calibrate study reports clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 12

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "evalvar needs Python 3.11 or later; say which with PYTHON=...")'
	$(VENV)

.venv/.core: pyproject.toml | $(BIN)/python
	$(INSTALL) -e .
	@touch $@

.venv/.dev: pyproject.toml | $(BIN)/python
	$(INSTALL) -e '.[dev]'
	@touch $@ .venv/.core

setup: .venv/.dev  ## make .venv with everything for development

demo: .venv/.core  ## write reports/demo.html and reports/demo.pdf from recorded logs
	@$(BIN)/evalvar demo benchmarks/tiny_lm/logs/study.tar.xz -o reports

test: .venv/.dev  ## the whole check: format, lint, types, imports, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto

format: .venv/.dev  ## put the code in form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.dev  ## speed beside the peers, in one run
	$(BIN)/python -m benchmarks.speed

calibrate: .venv/.dev  ## coverage, size and power of every default, beside the peers
	$(BIN)/python -m benchmarks.calibration --full

# The version of the recorded study; on Linux the index may send a large build for GPUs, which is
# not used: name a smaller one by TORCH=...
TORCH ?= torch==2.13.0

study: $(BIN)/python  ## train and evaluate the small models of the demo anew (10 minutes, 2 cores)
	$(INSTALL) '$(TORCH)'
	$(INSTALL) -e '.[study]'
	$(BIN)/python -m benchmarks.tiny_lm

reports: .venv/.core  ## regenerate the example reports (demo.md is committed)
	@$(BIN)/evalvar demo benchmarks/tiny_lm/logs/study.tar.xz -o reports
	@cd benchmarks/tiny_lm/logs && ../../../$(BIN)/evalvar report study.tar.xz \
	  --title 'Two recipes of a small language model, five seeds each' -o ../../../reports/demo.md

clean:  ## remove what was built
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache build dist
