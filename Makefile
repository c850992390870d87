# Everything a newcomer needs, in two commands: make demo, make test. All of it lives in .venv and var/.

PYTHON ?= python3
ARGS ?=
# Tests wait a third of their time, for servers, browsers and each other: three workers fill two processors.
WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) * 3 / 2 )))
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help demo run test check proof bench docs lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo '  Arguments go through ARGS: make demo ARGS="--port 9000 --speed 60", make test ARGS="tests/unit -k holiday"'

demo: $(VENV)/.run ## the whole product on invented clients, no credentials (Ctrl-C stops it)
	@exec $(BIN)/maitred demo $(ARGS)

run: $(VENV)/.run ## the bot, on the settings of .env and the desk directory
	@exec $(BIN)/maitred run $(ARGS)

test: $(VENV)/.dev ## every test, with the real peers (installs the Debian packages it lacks when it may)
	@scripts/peers.sh
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

proof: $(VENV)/.dev ## the SLA engine against a brute-force oracle (100,000 random questions); 20,000 damaged mails
	@$(BIN)/maitred golden tests/golden/sla.json
	@$(BIN)/python -m scripts.proof $(ARGS)
	@$(BIN)/python -m scripts.damage

check: $(VENV)/.dev ## format, lint, types, and who may import whom
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/.dev ## the figures of the performance goals, on this machine
	@$(BIN)/python -m bench $(ARGS)

docs: $(VENV)/.dev ## what is generated: the schema of the desk directory, Slack's manifests, screenshots
	@$(BIN)/python -m scripts.docs $(ARGS)

lock: $(VENV)/.dev ## new hashed requirements from pyproject.toml (ARGS=--upgrade for newer versions)
	$(LOCK) pyproject.toml -o requirements/run.txt $(ARGS)
	$(LOCK) pyproject.toml --group dev -c requirements/run.txt -o requirements/dev.txt $(ARGS)
	$(LOCK) --group build -o requirements/build.txt $(ARGS)

clean: ## what make made, but never var/, where the tickets are
	rm -rf $(VENV) build dist ./*.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# A stamp per step, so that a second make is instant and an interrupted one starts where it stopped.

$(VENV)/.made: scripts/venv.sh
	@PYTHON=$(PYTHON) scripts/venv.sh $(VENV)
	@touch $@

# The package itself is installed as a path, so that an edit is live; its build tool comes from the hashes as well.
$(VENV)/.run: $(VENV)/.made requirements/run.txt requirements/build.txt pyproject.toml
	@echo "installing what Maitred runs on into $(VENV)"
	@$(PIP) install --require-hashes -r requirements/build.txt -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@echo "installing what Maitred is tested with into $(VENV)"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@
