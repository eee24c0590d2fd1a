# Everything here can be done without make. On Windows, with Python 3.11 or later (py -3.13, py -3.12, ...):
#
#   make venv      py -3 -m venv .venv
#                  .venv\Scripts\python -m pip install --prefer-binary -c constraints.txt -e ".[dev]"
#   make demo      .venv\Scripts\iccmsim demo
#   make classroom .venv\Scripts\python -m pip install --prefer-binary -c constraints.txt -e ".[classroom]"
#                  .venv\Scripts\iccmsim classroom
#   make test      .venv\Scripts\python -m pytest -q -n auto --dist loadfile --no-loadscope-reorder
#   make lint      .venv\Scripts\python -m ruff check .
#   make bench     .venv\Scripts\python benchmarks\bench.py
#   make bounds    the same as make test with NUMBA_BOUNDSCHECK=1 and -m "not slow or bounds"
#   make mutants   .venv\Scripts\python tests\mutants.py
#   make clean     rmdir /s /q .venv
#
# On Linux and macOS the same lines hold with .venv/bin/ for .venv\Scripts\, and python3 in place of "py -3".

VENV := .venv
RUN  := $(VENV)/bin/python
OK   := $(VENV)/.ok
ROOM := $(VENV)/.classroom
EXTRAS := $(VENV)/.extras

# make PYTHON=/some/python chooses the interpreter; otherwise the first of these that really runs is taken.
PYTHON ?=
CANDIDATES := python3 python3.13 python3.12 python3.11 python3.14 python
# Files of tests in the order of their names: by default those with few tests come last, and they take longest.
SUITE := -m pytest -q -n auto --dist loadfile --no-loadscope-reorder
PIP_QUIET := --quiet --disable-pip-version-check --prefer-binary

# A command of that name may exist and not run (version managers), or lack venv or ensurepip (Debian): so try it.
SUITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))

.DEFAULT_GOAL := help
.PHONY: help venv demo classroom extras compiled test bounds lint bench mutants clean

help:
	@echo "make venv      install iccmsim and its tools in $(VENV) (the other commands do it when needed)"
	@echo "make demo      a small district with and without a programme"
	@echo "make classroom the classroom page, in the browser"
	@echo "make extras    what the tests of the classroom page need, beside a Chromium (400 MB more)"
	@echo "make test      all tests; says how many were skipped, and why"
	@echo "make bounds    the quick tests with every index of compiled code checked (about 5 minutes)"
	@echo "make lint      ruff"
	@echo "make bench     time and memory, and against Starsim and Mesa (about 6 minutes)"
	@echo "make mutants   break the rules one statement at a time and see whether a test notices"
	@echo "make clean     remove $(VENV) and what the tools left behind"
	@echo
	@echo "make PYTHON=/path/to/python venv   with a Python of your choice (3.11 or later; first: make clean)"
	@echo "Without make, or on Windows: the plain commands stand at the top of the Makefile."

venv: $(OK)

$(OK): pyproject.toml constraints.txt
	@chosen=""; \
	if [ -n "$(PYTHON)" ]; then \
	    if "$(PYTHON)" -c "$(SUITS)" >/dev/null 2>&1; then chosen="$(PYTHON)"; \
	    else echo "make: PYTHON=$(PYTHON) is not a Python 3.11 to 3.14 with venv and ensurepip" >&2; exit 1; fi; \
	else \
	    for candidate in $(CANDIDATES); do \
	        if "$$candidate" -c "$(SUITS)" >/dev/null 2>&1; then chosen="$$candidate"; break; fi; \
	    done; \
	fi; \
	if [ -z "$$chosen" ]; then \
	    echo "make: found no Python 3.11 to 3.14 with venv and ensurepip." >&2; \
	    echo "      Debian or Ubuntu: apt install python3-venv.  Elsewhere: make PYTHON=/path/to/python venv" >&2; \
	    exit 1; \
	fi; \
	echo "Installing iccmsim in $(VENV) with $$("$$chosen" --version) (about a minute, 600 MB)"; \
	"$$chosen" -m venv "$(VENV)"
	@"$(RUN)" -m pip install $(PIP_QUIET) --constraint constraints.txt --editable ".[dev]"
	@touch "$(OK)"

demo: $(OK)
	@echo "A small district, with and without a programme."
	@echo "On a new machine: compiling the kernels for the first time (about a minute)."
	@"$(VENV)/bin/iccmsim" demo

$(ROOM): $(OK)
	@echo "Installing what the classroom page needs (about a minute, 400 MB)"
	@"$(RUN)" -m pip install $(PIP_QUIET) --constraint constraints.txt --editable ".[classroom]"
	@touch "$(ROOM)"

classroom: $(ROOM)
	@"$(VENV)/bin/iccmsim" classroom

$(EXTRAS): $(OK)
	@"$(RUN)" -m pip install $(PIP_QUIET) --constraint constraints.txt --editable ".[dev,classroom,browser]"
	@touch "$(EXTRAS)" "$(ROOM)"

extras: $(EXTRAS)

# Compiled rules are kept for the user, not in this folder: see iccmsim/core/compiled.py.
compiled: $(OK)
	@"$(RUN)" -c "import iccmsim; iccmsim.simulate('sahel/facility-only', tables=False)"

test: compiled
	@"$(RUN)" $(SUITE)

# An index that leaves its array, also in a test, writes over memory that is another's.
bounds: $(OK)
	@ICCMSIM_CACHE="$(abspath $(VENV))/bounds" NUMBA_BOUNDSCHECK=1 "$(RUN)" $(SUITE) -m "not slow or bounds"

lint: $(OK)
	@"$(RUN)" -m ruff check .

bench: $(OK)
	@"$(RUN)" benchmarks/bench.py

mutants: $(OK)
	@"$(RUN)" tests/mutants.py

clean:
	@rm -rf "$(VENV)" build dist .pytest_cache .ruff_cache .hypothesis
	@find iccmsim tests -type d -name __pycache__ -prune -exec rm -rf {} +
