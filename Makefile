# What is done again and again; each line can be typed as well. `make help` lists it.
PYTHON ?= .venv/bin/python
TESTS ?= tests

.PHONY: help venv test lint bench docs

help:            ## this list
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed 's/: *## */\t/'

venv:            ## the environment, as .ci/run makes it
	python3 -m venv .venv
	$(PYTHON) -m pip install --quiet -e ".[test]"

test:            ## the tests; TESTS=tests/cli takes some, HCR_DATA=DIR those with real data too
	$(PYTHON) -m pytest $(TESTS)

lint:            ## the linter and the types
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy

bench:           ## layout, speed and registration on few pages; needs HCR_DATA
	$(PYTHON) tests/benchmarks/bench_layout.py --pages 12 --seed 1
	$(PYTHON) tests/benchmarks/bench_scan.py --quick
	PYTHONPATH=tests $(PYTHON) tests/benchmarks/bench_registration.py --scans 10

docs:            ## the tables, outputs and pictures of the manual, and its tests
	$(PYTHON) tests/manual_tables.py
	$(PYTHON) tests/manual_outputs.py
	PYTHONPATH=tests $(PYTHON) tests/manual_pictures.py
	$(PYTHON) -m pytest -q tests/test_manual.py
