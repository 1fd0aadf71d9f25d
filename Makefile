# Everything that a clone needs. Each target sets up what it uses in .venv, once, and then needs no network.
#
#   make demo               play the Togo-Mali pilot on this machine and leave it up until Ctrl-C
#   make demo ARGS=--exit   the same, ending by itself
#   make test               every check: style, types, layers, dependencies, tests
#   make lint               the checks that need no test run
#   make soak               properties, faults, kills, load and fuzzing at length, in lanes side by side, over an hour
#   make docs               write docs/developer/schemas anew from schemas/
#   make bench              publish and cold sync of 20,000 offers, then a fold of 20,000 records, measured
#   make lock               pin the newest versions of the libraries that are a week old
#
# PYTHON=python3.12 chooses the interpreter of a new .venv.

PYTHON ?= python3
ARGS ?=
VENV := .venv
PY := $(VENV)/bin/python
INTEROP := tests/interop/node_modules
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint soak docs bench lock wheel clean

help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' Makefile

demo: $(VENV)/.demo
	@$(VENV)/bin/passerelle demo $(ARGS)

test: $(VENV)/.test $(INTEROP)/.done
	@scripts/setup.sh strace
	@scripts/setup.sh chromium
	@scripts/check.sh lint
	@scripts/check.sh tests $(ARGS)

lint: $(VENV)/.test
	@scripts/check.sh lint

soak: $(VENV)/.test $(INTEROP)/.done
	@scripts/setup.sh strace
	@scripts/check.sh soak $(ARGS)

docs: $(VENV)/.test
	@$(PY) -m tests.schemapages

bench: $(VENV)/.test
	@$(PY) $(if $(filter --postgresql,$(ARGS)),-m tests.postgresql $(PY)) -m passerelle.scenario.bench $(ARGS)

wheel: $(VENV)/.test
	@$(PY) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

lock: $(VENV)/.test
	@scripts/lock.sh

clean:
	rm -rf $(VENV) $(INTEROP) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .soak

# --- set-up ------------------------------------------------------------------------------------------------
# A stamp stands for a finished step. A step that fails leaves none and is taken up again.

$(VENV)/.made: scripts/setup.sh
	@PYTHON="$(PYTHON)" scripts/setup.sh venv
	@touch $@

$(VENV)/.demo: $(VENV)/.made requirements/demo.txt pyproject.toml setup.py
	@scripts/setup.sh packages demo
	@touch $@

$(VENV)/.test: $(VENV)/.made requirements/demo.txt requirements/test.txt pyproject.toml setup.py
	@scripts/setup.sh packages test
	@touch $@ $(VENV)/.demo

$(INTEROP)/.done: $(VENV)/.test requirements/node.txt tests/interop/package-lock.json
	@scripts/setup.sh node
	@touch $@
