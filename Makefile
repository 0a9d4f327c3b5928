# `make demo` and `make test` set up everything they need in .venv with plain pip.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint types bench docs clean

demo: $(READY)
	$(BIN)/ganvas demo

test: $(READY)
	$(BIN)/pytest --numprocesses auto

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/python -m benchmarks.throughput
	$(BIN)/python -m benchmarks.prepare $(VENV)/photographs

docs: $(READY)
	$(BIN)/python scripts/reference.py

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) demo
