# One target per task; everything runs inside .venv, made from the lock file.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FILE ?=
SEEDS ?= 2000
SEED ?=
# One more than a small machine has cores: about a fifth of the time a test waits for a process.
WORKERS ?= 3

# Whatever is started here many times is compiled once.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run tour test simulate fetch-openclaw test-openclaw test-crash check fmt docs pictures bench lock clean

help: ## Show what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

$(VENV)/run: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (about a minute the first time) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev: $(VENV)/run requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: $(VENV)/run ## Start a market on this machine, with test money
	@$(BIN)/clawmarket serve --faucet

tour: $(VENV)/run ## Watch three agents close one paid deal (FILE=... to choose the document)
	@$(BIN)/clawmarket tour $(if $(FILE),'$(subst ','\'',$(FILE))')

test: $(VENV)/dev ## Run all tests
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal

simulate: $(VENV)/dev ## Run the market under seeded faults (SEEDS=2000 of them, or SEED=7 to see one again)
	@cd tests && ../$(BIN)/python -m simulation $(if $(SEED),--seed $(SEED),--seeds $(SEEDS))

fetch-openclaw: $(VENV)/dev ## Fetch what test-openclaw needs and has not got, ahead of it
	@cd tests && ../$(BIN)/python -m openclaw.programs host

test-openclaw: $(VENV)/dev ## Use the plugin inside the real OpenClaw (fetched into .openclaw the first time, 1.1 GB)
	@$(BIN)/pytest -n 2 --dist loadfile -rs tests/openclaw

test-crash: $(VENV)/dev ## Kill the real market at every point of a lifecycle, on both databases
	@cd tests && ../$(BIN)/python -m crash

check: $(VENV)/dev ## Run the linters, the type checker, the import contracts and the doc checks
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python tools/generate.py --check

fmt: $(VENV)/dev ## Format the code
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

docs: $(VENV)/dev ## Write the generated reference pages and the command's catalog anew
	@$(BIN)/python tools/generate.py

pictures: $(VENV)/dev ## Take the pictures of the pages anew (needs a Chromium)
	@cd tests && ../$(BIN)/python -m pictures

bench: $(VENV)/dev ## Measure speed; one JSON line a figure
	@$(BIN)/python -m bench

lock: ## Resolve the dependencies anew (needs uv)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra mcp --extra a2a --group pyproject.toml:build pyproject.toml -o requirements.lock
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group pyproject.toml:build --group pyproject.toml:dev -c requirements.lock --extra mcp --extra a2a pyproject.toml -o requirements-dev.lock

clean: ## Remove the environment and caches
	@rm -rf $(VENV) .openclaw .pytest_cache .mypy_cache .ruff_cache .hypothesis
