# Everything runs inside .venv, made from requirements.lock by uv, itself installed from PyPI into .uv.
PYTHON ?= python3
UV_VERSION := 0.13.8
UV := .uv/bin/uv
BIN := .venv/bin
MEMBERS := kit tap-crm tap-inventory tap-books target-crm target-inventory transforms sandbox desk
READY := .venv/.ready
LOADERS := jsonl postgres duckdb
PEERS := dlt airbyte
DATA ?=
DEPTH ?=
SCALE ?= 1
SEEDS ?= 0:300
ROUNDS ?= 100
SEED ?=
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo test check sandbox bench simulate load chaos retail promises catalogs wheels lock

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | while IFS='	' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or later is needed, this is %d.%d. Name another one: make PYTHON=python3.12 ..." % sys.version_info[:2])'
	@echo "Setting up: uv $(UV_VERSION) into .uv"
	@$(PYTHON) -m venv .uv
	@.uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(READY): $(UV) requirements.lock $(addsuffix /pyproject.toml,$(MEMBERS))
	@echo "Setting up: the packages of requirements.lock into .venv"
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) .venv
	@VIRTUAL_ENV=$(CURDIR)/.venv $(UV) pip sync --quiet --require-hashes --compile-bytecode requirements.lock
	@VIRTUAL_ENV=$(CURDIR)/.venv $(UV) pip install --quiet --no-deps --no-build-isolation $(addprefix -e ./,$(MEMBERS))
	@$(BIN)/python -m compileall -q $(MEMBERS) || true
	@touch $(READY)

.venv/.postgresql: $(READY)
	@.ci/postgresql
	@touch $@

.loaders/.ready: $(UV) $(addprefix tests/loaders/,$(addsuffix .lock,$(LOADERS)))
	@echo "Setting up: Singer targets of others into .loaders, for the tests"
	@for one in $(LOADERS); do \
		$(UV) venv --quiet --clear --python $(PYTHON) .loaders/$$one && \
		VIRTUAL_ENV=$(CURDIR)/.loaders/$$one $(UV) pip sync --quiet --require-hashes --compile-bytecode tests/loaders/$$one.lock || exit 1; done
	@touch $@

demo: $(READY) ## Sync a made-up company on the local sandbox (DATA=folder for a real data set)
	@$(BIN)/ofrecord demo $(if $(DATA),--data $(DATA))

test: $(READY) .venv/.postgresql .loaders/.ready ## Run every test (DEPTH=full: a million journeys for each currency)
	@$(if $(DEPTH),OFRECORD_ROUND_TRIPS=1000000 )$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -q

check: $(READY) ## Lint, types, direction of dependencies, rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/ofrecord check

sandbox: $(READY) ## Keep the sandbox running and print the export lines
	@$(BIN)/ofrecord-sandbox serve --seed $(if $(DATA),adventureworks --data $(DATA),demo)

benchmarks/.venv/.ready: $(UV) benchmarks/requirements.lock
	@$(UV) venv --quiet --clear --python $(PYTHON) benchmarks/.venv
	@VIRTUAL_ENV=$(CURDIR)/benchmarks/.venv $(UV) pip sync --quiet --require-hashes --compile-bytecode benchmarks/requirements.lock
	@touch $@

benchmarks/peers/.venv/.ready: $(UV) $(addprefix benchmarks/peers/,$(addsuffix .lock,$(PEERS)))
	@for one in $(PEERS); do \
		$(UV) venv --quiet --clear --python $(PYTHON) benchmarks/peers/.venv/$$one && \
		VIRTUAL_ENV=$(CURDIR)/benchmarks/peers/.venv/$$one $(UV) pip sync --quiet --require-hashes --compile-bytecode benchmarks/peers/$$one.lock || exit 1; done
	@touch $@

bench: $(READY) benchmarks/.venv/.ready benchmarks/peers/.venv/.ready ## Measure beside peers and baselines (ONLY=mapper, targets, taps, ledger, flows, sandbox or likeness)
	@$(BIN)/python benchmarks/bench.py --scale $(SCALE) $(if $(ONLY),--only $(ONLY))

simulate: $(READY) ## Play made-up worlds and look for broken promises (SEEDS=0:20000)
	@$(BIN)/python tests/simulation $(SEEDS)

load: $(READY) ## Play a first sync of 100,000 accounts and items under the vendors' limits (SCALE=0.1)
	@$(BIN)/python tests/load $(SCALE)

chaos: $(READY) ## Kill real processes under Meltano at random and look what is left (ROUNDS=100, SEED=1 to play it again)
	@$(BIN)/python tests/chaos --rounds $(ROUNDS) $(if $(SEED),--seed $(SEED))
	@OFRECORD_CHAOS=1 $(BIN)/python -m pytest -q tests/chaos tests/chaos/with_meltano.py

retail: $(READY) ## Play a month of real invoices and a dealer's orders whole (test plays parts)
	@OFRECORD_RETAIL=1 $(BIN)/python -m pytest -q tests/jobs/flows/test_online_retail.py tests/jobs/flows/test_classicmodels.py

promises: $(READY) .venv/.postgresql .loaders/.ready ## Run the tests and write docs/promises.md
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -q --write-promises

catalogs: $(READY) ## Write rules/catalog/ from the sandbox, the schemas for editors, the definitions for Meltano Hub
	@$(BIN)/python -m ofrecord_kit.testing.catalogs rules/catalog tap-crm tap-inventory tap-books
	@$(BIN)/python -m ofrecord_transforms.json_schema rules
	@$(BIN)/python -m ofrecord_kit.testing.hub hub

wheels: $(READY) ## Build a wheel of every member into dist/
	@for member in $(MEMBERS); do $(UV) build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist $$member || exit 1; done; ls dist

lock: $(UV) ## Resolve the dependencies again
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		$(addprefix --no-emit-package ,$(shell sed -n 's/^name = "\(.*\)"/\1/p' $(addsuffix /pyproject.toml,$(MEMBERS)))) \
		--group dev pyproject.toml --output-file requirements.lock
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		benchmarks/requirements.in --output-file benchmarks/requirements.lock
	@for one in $(LOADERS); do \
		$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		tests/loaders/$$one.in --output-file tests/loaders/$$one.lock || exit 1; done
	@for one in $(PEERS); do \
		$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		benchmarks/peers/$$one.in --output-file benchmarks/peers/$$one.lock || exit 1; done
