# Each target sets up what it needs, once: .venv from a Python of 3.11 or newer; where Node is there, the clients of
# `make test` in tests/node_modules, and in tests/hosts/node_modules, ten times as large, the tools of the hosts.
# Easel's own settings come from the environment or from here: make serve PORT=8010

# The first of these that is new enough. A python3 of pyenv's may fail where .python-version is not installed.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3
NEW_ENOUGH = $(or $(shell for python in $(PYTHON); do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done), \
	$(error Easel needs Python 3.11 or newer, and none of these is: $(PYTHON). Name another: make PYTHON=/path/to/python3))

# Files that say what is set up. `serve` and `demo` wait for the first alone, so that the first picture comes soon.
SERVING := .venv/.serving
DEVELOPING := .venv/.developing
CLIENTS := tests/node_modules/.package-lock.json
TOOLS := tests/hosts/node_modules/.package-lock.json

# make deploy
STAGE ?= dev

.PHONY: help serve demo test test-hosts test-browser check documents bench mutants format package deploy stage-cloudflare deploy-cloudflare \
	clean clients tools
.DELETE_ON_ERROR:

help: ## This list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1	/p' Makefile | expand -t 12

serve: $(SERVING) ## The API at http://127.0.0.1:8000, or at another PORT
	.venv/bin/python -m shared.hosts.local

demo: $(SERVING) ## The same, with an emulator behind it for every upstream
	.venv/bin/python -m tests.emulators

test: $(DEVELOPING) clients ## All tests but those of the hosts
	.venv/bin/python -m pytest -n auto --dist loadfile

test-hosts: $(DEVELOPING) tools ## The functions as each host starts them
	.venv/bin/python -m pytest -m hosts

test-browser: $(DEVELOPING) clients ## The pages in Chromium, where there is one; pictures of them in build/screenshots
	.venv/bin/python -m pytest -m browser

check: $(DEVELOPING) ## Format, lint, types, who may import whom, and the generated tables of the documents
	.venv/bin/python -m ruff format --check
	.venv/bin/python -m ruff check
	.venv/bin/python -m mypy
	.venv/bin/python .venv/bin/lint-imports --no-logo
	.venv/bin/python -m tools.documents --check

documents: $(DEVELOPING) ## Write the generated tables of the documents
	.venv/bin/python -m tools.documents

bench: $(DEVELOPING) ## Benchmarks
	.venv/bin/python -m tests.bench

mutants: $(DEVELOPING) ## Seeded bugs, each of which must fail a test
	.venv/bin/python -m tests.mutants

format: $(DEVELOPING) ## Put imports and layout in order
	.venv/bin/python -m ruff check --fix
	.venv/bin/python -m ruff format

package: $(SERVING) ## The functions as zips for AWS Lambda, in build/
	.venv/bin/python -m shared.hosts.lambda_package

deploy: package tools ## To AWS, with the credentials of this shell: make deploy STAGE=dev
	$(if $(API_PREFIX),API_PREFIX='$(patsubst %/,%,$(API_PREFIX))') tests/hosts/node_modules/.bin/osls deploy --stage $(STAGE)

stage-cloudflare: $(SERVING) ## The Worker as wrangler takes it, in build/cloudflare and python_modules
	.venv/bin/python -m shared.hosts.workers_package

deploy-cloudflare: tools ## To Cloudflare, with the account that wrangler is logged in to
	PATH="$(CURDIR)/tests/hosts/node_modules/.bin:$$PATH" wrangler deploy

clean: ## Remove what the other targets made
	rm -rf .venv tests/node_modules tests/hosts/node_modules build python_modules .serverless .wrangler .hypothesis .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache .coverage .coverage.*
	find functions shared tests tools -name __pycache__ -prune -exec rm -rf {} +

$(SERVING): requirements.txt tests/requirements.txt tests/setup_venv.py
	@echo "Setting up .venv: some seconds, this once"
	@$(NEW_ENOUGH) -P tests/setup_venv.py -r requirements.txt -c tests/requirements.txt uvicorn uvloop httptools
	@touch $@

$(DEVELOPING): $(SERVING)
	@echo "Setting up .venv for development: some seconds, this once"
	@$(NEW_ENOUGH) -P tests/setup_venv.py -r tests/requirements.txt
	@touch $@

ifneq ($(and $(shell command -v node 2>/dev/null),$(shell command -v npm 2>/dev/null)),)
clients: $(CLIENTS)
tools: $(TOOLS)
else
clients tools:
	@echo "No node and npm here: the tests that need them are skipped."
endif

$(CLIENTS): tests/package.json tests/package-lock.json
$(TOOLS): tests/hosts/package.json tests/hosts/package-lock.json
$(CLIENTS) $(TOOLS):
	npm ci --prefix $(<D)
	@touch $@
