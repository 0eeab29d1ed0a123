# Two commands matter: `make pack` and `make test`. Both set up .venv from the lock first.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PEERS := .venv-peers/.ready
# The engine's worked example reads an M3 series, which is beside the project or not at all.
NO_M3 := $(if $(wildcard ../shared/data/forecast/m3_monthly.parquet),,--ignore=notebooks/methods/engine.ipynb)

.PHONY: help setup pack test check bench lock system docs clean

help:
	@echo "make pack    set up, then the planning pack on the demo book"
	@echo "make test    set up, then everything that must pass"
	@echo "make bench   speed and memory as ratios against peers"
	@echo "make docs    rewrite the pages that are made from code (book contract, README picture)"
	@echo "make lock    resolve pyproject.toml anew into requirements.lock"

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "kamlib needs Python 3.11 or later; set PYTHON=...")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet "$$(sed -n 's/^\(uv==[0-9.]*\).*/\1/p' requirements.lock)"
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $(READY)

pack: $(READY)
	$(BIN)/kam plan --book data/demo --period 2026Q1

system:
	@sh .ci/system.sh

test: $(READY) system
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest
	$(BIN)/python -m pytest --nbval --nbval-sanitize-with tests/nbval.ini notebooks/methods $(NO_M3) --override-ini addopts=

$(PEERS): $(READY) tests/bench/peers.lock
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-peers
	VIRTUAL_ENV=.venv-peers $(BIN)/uv pip install --quiet -r tests/bench/peers.lock
	@touch $(PEERS)

bench: $(READY) $(PEERS)
	$(BIN)/python -m pytest tests/bench -s --override-ini addopts=--import-mode=importlib

docs: $(READY)
	$(BIN)/python tests/make_docs.py

lock: $(READY)
	$(BIN)/uv pip compile --universal --python-version 3.11 --no-header --generate-hashes --extra dev pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --python-version 3.11 --no-header tests/bench/peers.in -o tests/bench/peers.lock

clean:
	rm -rf .venv .venv-peers .mypy_cache .pytest_cache .ruff_cache .hypothesis
