# `make demo` and `make test` do all their own set-up; nothing else is needed but Python 3.11 to 3.13 and make. The tests
# of the pages in a browser want Chromium (`.ci/run` says how).
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
  if $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then echo $$p; break; fi; done)
VENV ?= .venv
BIN := $(VENV)/bin
SERVE ?= 1
REAL ?= ../shared/data/multnomah
WORKERS ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# One place for compiled kernels, so that a second start is quick and the checkout stays clean.
export NUMBA_CACHE_DIR ?= $(CURDIR)/var/numba

.PHONY: help setup demo test test-long check format bench results control ceiling prior docs screenshots sentences lock audit-dependencies clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

$(VENV)/.dependencies: requirements.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and none was found on PATH (say: make PYTHON=/path/to/python3.12)"; exit 2; }
	@echo "Setting up $(VENV) with $(PYTHON); the first time takes a minute or two."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@touch $@

# The stylesheets of the pages, from pinned npm packages. The npm of the machine is taken, else one from a Python package.
STYLESHEETS := serving/desk/static/frontend/versions.json
$(STYLESHEETS): $(VENV)/.dependencies requirements-node.lock $(wildcard serving/desk/frontend/* serving/desk/frontend/.npmrc)
	@command -v npm > /dev/null || $(BIN)/python -m pip install --quiet --require-hashes -r requirements-node.lock
	@$(BIN)/python serving/desk/frontend/build.py > $(VENV)/stylesheets.log
	@touch $@

$(VENV)/.project: $(VENV)/.dependencies pyproject.toml $(STYLESHEETS)
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(VENV)/.project ## the environment, in .venv
	@$(if $(filter setup,$(MAKECMDGOALS)),echo "The command threat is in $(BIN). To reach it by its name: source $(BIN)/activate")

demo: setup ## a synthetic force, end to end, then its pages on http://127.0.0.1:8000 (SERVE=0: stop before serving)
	@$(BIN)/threat demo $(if $(filter 0,$(SERVE)),--no-serve)

# The suite runs against the built wheel, from outside the checkout: what is tested is what would be installed. Files keep
# their order: sorted by their number of tests, the few long ones came last, and one worker waited for the other.
WHEEL_ENV := $(CURDIR)/var/wheel$(subst .venv,,$(notdir $(VENV)))
define run-suite
@rm -rf $(WHEEL_ENV) && mkdir -p $(WHEEL_ENV)
@$(BIN)/python -m build --wheel --no-isolation --outdir $(WHEEL_ENV)/dist . > $(WHEEL_ENV)/build.log || { cat $(WHEEL_ENV)/build.log; exit 1; }
@$(BIN)/python -m venv --without-pip $(WHEEL_ENV)/env
@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])' > $(WHEEL_ENV)/dependencies.pth
@cp $(WHEEL_ENV)/dependencies.pth "$$($(WHEEL_ENV)/env/bin/python -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')/"
@$(BIN)/python -m pip --python $(WHEEL_ENV)/env/bin/python install --quiet --no-deps $(WHEEL_ENV)/dist/*.whl
@cd $(WHEEL_ENV) && THREAT_FROM_WHEEL=1 env/bin/python -P -m pytest -c $(CURDIR)/pyproject.toml --rootdir $(CURDIR) -p no:cacheprovider \
  -n $(WORKERS) --dist loadfile --no-loadscope-reorder -q $(1) $(CURDIR)/tests $(TESTS)
endef

test: setup ## the suite, from the built wheel, in less than twenty minutes on two cores
	$(call run-suite,-m "not (long or slow)")

test-long: export THREAT_ALL_EXAMPLES := 1
test-long: setup ## long generative and scale tests, slow ones, and the property tests with all their examples
	$(call run-suite,-m "long or slow or drawn")

check: setup ## lint, format, types, import contracts, generated pages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@PYTHONPATH= $(BIN)/lint-imports --no-cache
	@PYTHONPATH=docs $(BIN)/python -m pages.feature_dictionary --check
	@PYTHONPATH=docs $(BIN)/python -m pages.marker_page --check
	@PYTHONPATH=docs $(BIN)/python -m pages.schemas --check
	@PYTHONPATH=docs $(BIN)/python -m pages.crosswalks --check
	@PYTHONPATH=docs $(BIN)/python -m pages.casework --check
	@PYTHONPATH=docs $(BIN)/python -m pages.options --check
	@$(BIN)/python tests/repository_rules.py
	@$(BIN)/python tests/english_rules.py
	@echo "check: all passed"

format: setup ## mend what ruff can mend
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

.venv-bench/.done: requirements-bench.lock
	@test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --require-hashes -r requirements-bench.lock
	@touch $@

bench: setup .venv-bench/.done ## the feature engine beside its rivals: one table, JSON and a plot in docs/benchmarks/
	@$(BIN)/python benchmarks/features.py --rivals-python .venv-bench/bin/python

results: setup ## the whole main job on real records (where the folder is present) and on the synthetic force: docs/results.md
	@PYTHONPATH=docs $(BIN)/python -m pages.results --real $(REAL) --out docs/results.md
	@PYTHONPATH=docs $(BIN)/python -m pages.noticing --out docs/noticing.md

control: setup ## a force that passes every statistical check of the gate, in var/control: its table in docs/governance.md
	@rm -rf var/control var/control.demonstration-trust
	@PYTHONPATH=docs $(BIN)/python -m pages.control --var var/control --page docs/governance.md

ceiling: setup ## docs/ceiling.md: how close to the best that records allow; opens the six forces of the ledger (an hour)
	@PYTHONPATH=docs $(BIN)/python -m pages.ceiling --open $(WORLDS)

prior: setup ## training/models/prior.json: coefficients taught by simulation, when features of the base or the simulation change
	@$(BIN)/python -m training.truth.taught_prior

docs: setup ## every generated page
	@PYTHONPATH=docs $(BIN)/python -m pages.feature_dictionary
	@PYTHONPATH=docs $(BIN)/python -m pages.marker_page
	@PYTHONPATH=docs $(BIN)/python -m pages.schemas
	@PYTHONPATH=docs $(BIN)/python -m pages.crosswalks
	@PYTHONPATH=docs $(BIN)/python -m pages.casework
	@PYTHONPATH=docs $(BIN)/python -m pages.options

screenshots: setup ## docs/images/: the pages of the demonstration, drawn by Chromium
	@$(BIN)/threat demo --no-serve
	@PYTHONPATH=docs $(BIN)/python -m pages.screenshots

sentences: setup ## thirty sentences of three small synthetic forces, each with its records, for a person to read
	@$(BIN)/threat sentences --make var/sentences/force-1 var/sentences/force-2 var/sentences/force-3

UV_COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
lock: setup ## resolve the dependencies anew
	@$(UV_COMPILE) --extra all --extra dev pyproject.toml --output-file requirements.lock
	@$(UV_COMPILE) --extra bench pyproject.toml --output-file requirements-bench.lock
	@$(UV_COMPILE) --extra audit pyproject.toml --output-file requirements-audit.lock
	@$(UV_COMPILE) --group node --output-file requirements-node.lock

.venv-audit/.done: requirements-audit.lock
	@test -x .venv-audit/bin/python || $(PYTHON) -m venv .venv-audit
	@.venv-audit/bin/python -m pip install --quiet --require-hashes -r requirements-audit.lock
	@touch $@

audit-dependencies: setup .venv-audit/.done ## licences, known advisories where reachable, bill of materials of the wheel: var/audit-dependencies
	@rm -rf var/audit-dependencies && mkdir -p var/audit-dependencies
	@$(BIN)/python -m build --wheel --no-isolation --outdir var/audit-dependencies . > var/audit-dependencies/build.log || { cat var/audit-dependencies/build.log; exit 1; }
	@PYTHONPATH=docs $(BIN)/python -m pages.audit_dependencies --wheel var/audit-dependencies/*.whl --pip-audit .venv-audit/bin/pip-audit

clean: ## remove everything that was made here
	@rm -rf .venv* var var.demonstration-trust dist build serving/desk/static/frontend .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
