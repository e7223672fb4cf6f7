# Every command sets up what it needs inside the clone, from Python (3.10 or newer) alone.
PYTHON ?= python3
AIRFLOW ?= 3.3
# In the order of the folders, which begins with what takes longest: then all processes end at about the same time.
PYTEST_ARGS ?= --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
PYTHON_VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
VENV := .venv-airflow$(AIRFLOW)-python$(PYTHON_VERSION)
CONSTRAINTS := constraints/airflow-$(AIRFLOW).txt
BIN := $(VENV)/bin
LOWEST := .venv-lowest
LOWEST_PYTHON ?= python3.10

RECORDING := $(if $(RECORD),--record tests/runs.jsonl)

AIRFLOWS := 2.11 3.0 3.1 3.2 3.3
# Where an Airflow gets no more patches, what was there when it got its last one. Later versions break it: those of FastAPI,
# Cadwyn, Starlette and Pydantic do so to 3.0 and 3.2, and with universal-pathlib 0.3 an ObjectStoragePath of 3.0 refuses
# file:// and s3://. Airflow 2.11 sets limits that suffice.
NOT_LATER_LOWEST := --exclude-newer 2025-05-21 --exclude-newer-package pytest-xdist=2025-07-02
# The example DAGs need a later common-compat than 3.0 came with: see `examples` in pyproject.toml.
NOT_LATER_3.0 := --exclude-newer 2025-08-30 --exclude-newer-package apache-airflow-providers-common-compat=2026-03-12
# Airflow's own constraints for 3.1.8 have these two of a month after it, with which an approval can time out.
NOT_LATER_3.1 := --exclude-newer 2026-03-12 --exclude-newer-package apache-airflow-providers-common-compat=2026-04-20 \
	--exclude-newer-package apache-airflow-providers-standard=2026-04-20
NOT_LATER_3.2 := --exclude-newer 2026-05-30
# Airflow 3.2 does not hand frames of pandas 3 from task to task.
LIMITS_3.2 := 'pandas<3'
GROUPS_ON_3.3 := --group celery

# What knows most of Airflow, with one run of a real scheduler; the rest is alike on all versions.
QUICK := $(addprefix tests/,client/test_extra.py client/test_form.py client/test_redis_client.py hooks inputs/test_files.py \
	inputs/test_frames.py inputs/test_leaves.py operators push/test_shared_pace.py running_airflow/test_at_home.py \
	sync/test_ledger_file.py sync/test_run.py test_compat.py test_files.py \
	test_get_provider_info.py)

.DEFAULT_GOAL := help
.PHONY: help environment demo test test-quick test-all test-lowest test-airflow2 test-celery runs-table bench docs mutants lint constraints release-check sbom audit-dependencies check-newest clean

help:  ## list the commands
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 22

environment: $(VENV)/.ready  ## set up the environment of the other commands, and nothing more

demo: $(VENV)/.ready  ## sample HR database -> Airflow -> COR sandbox, and the outcome of every leave
	@$(BIN)/python example_dags/demo/run.py

test: $(VENV)/.ready  ## every test but those on Celery; AIRFLOW=2.11 for another Airflow, PYTHON=python3.12 for another Python
	$(BIN)/python -m pytest $(PYTEST_ARGS) $(RECORDING)

test-quick: $(VENV)/.ready  ## of these tests those that know most of Airflow; AIRFLOW=3.1 for another Airflow
	$(BIN)/python -m pytest $(PYTEST_ARGS) $(QUICK) $(RECORDING) --record-as "the quick part"

test-all: $(AIRFLOWS:%=test-all-%) test-celery  ## every test on every Airflow, one after the other

test-all-%:
	@$(MAKE) --no-print-directory test AIRFLOW=$*

test-lowest: $(LOWEST)/.ready  ## `make test-quick` on the lowest versions that pyproject.toml allows; LOWEST_PYTHON names a Python 3.10
	$(LOWEST)/bin/python -m pytest $(PYTEST_ARGS) $(QUICK) $(RECORDING) --record-as "the quick part, lowest versions"

test-airflow2:  ## `make test` on Airflow 2.11, which needs Python 3.10 to 3.12
	@$(MAKE) --no-print-directory test AIRFLOW=2.11

test-celery: $(VENV)/.celery  ## pushes and syncs on two Celery workers, PostgreSQL and Redis, all of which it starts
	$(BIN)/python -m pytest tests/on_celery

runs-table: $(VENV)/.ready  ## the table in CONTRIBUTING.md of what ran where, from the runs of  make test RECORD=1
	@PYTHONPATH=tests $(BIN)/python -m run_record

bench: $(VENV)/.ready  ## measure the speed and memory of a push, in one table; BENCH_ARGS=--help for its options
	@PYTHONPATH=tests $(BIN)/python -m benchmarks $(BENCH_ARGS)

docs: $(VENV)/.ready  ## the documentation as a site, docs/_build/index.html; fails on a broken link or reference
	$(BIN)/sphinx-build --fail-on-warning --nitpicky --quiet docs docs/_build

mutants: $(VENV)/.ready  ## list the changes to the code that no test notices; takes hours, MUTANTS='cor_provider.push.retry.*' for one module
	$(BIN)/mutmut run $(MUTANTS)
	$(BIN)/mutmut results

lint: $(VENV)/.ready  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

constraints: $(AIRFLOWS:%=constraints-%)  ## update the pinned versions, for every supported Python at once

constraints-%: $(VENV)/.ready
	printf '%s\n' 'apache-airflow==$*.*' $(LIMITS_$*) | \
	$(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.10 --no-header --no-annotate --no-emit-index-url \
		--all-extras --group dev $(GROUPS_ON_$*) $(NOT_LATER_$*) --output-file constraints/airflow-$*.txt pyproject.toml --constraint -

release-check: $(VENV)/.ready  ## make both distributions in dist/, and check all that must hold before a release; publishes nothing
	.ci/release-check $(BIN)

sbom: $(VENV)/.ready  ## list all that an installation consists of, as CycloneDX, in .reports/
	.ci/dependencies sbom $(BIN) $(CONSTRAINTS)

audit-dependencies: $(VENV)/.ready  ## ask PyPI for known vulnerabilities of these; AUDIT_ARGS='--vulnerability-service osv' asks OSV
	.ci/dependencies audit $(BIN) $(CONSTRAINTS) $(AUDIT_ARGS)

check-newest: $(VENV)/.ready  ## warn if an index has an Airflow that is newer than those that the tests run on
	@newest=$$(echo apache-airflow | $(BIN)/uv pip compile --quiet --python-version 3.13 --no-deps --no-header --no-annotate --no-emit-index-url - 2> /dev/null) || newest=; \
	if [ -z "$$newest" ]; then \
		echo "WARNING: could not ask the package index for the newest Airflow"; \
	elif ! grep -qxF "$$newest" constraints/airflow-*.txt; then \
		echo "WARNING: $$newest can be installed, and no test runs on it: see AIRFLOWS in the Makefile, and run  make constraints"; \
	fi

clean:  ## remove everything that these commands made
	rm -rf .venv-* .demo .reports .screenshots dist docs/_build mutants .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(VENV)/.ready: pyproject.toml $(CONSTRAINTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
		echo "$(PYTHON) is older than Python 3.10: name another one, as in  make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint $(CONSTRAINTS) uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint $(CONSTRAINTS) --build-constraint $(CONSTRAINTS) \
		--editable '.[sandbox]' --group dev
	@touch $@

# What there was when Airflow 2.11.0 came: of what pyproject.toml names, the lowest version; of anything else, the newest.
# The groups of the tests are installed as they were then too. Those of the example DAGs need more: see `examples`.
$(LOWEST)/.ready: pyproject.toml $(VENV)/.ready
	$(BIN)/uv venv --quiet --clear --python $(LOWEST_PYTHON) $(LOWEST)
	echo "apache-airflow==2.11.0" | $(BIN)/uv pip compile --quiet --python $(LOWEST) --no-header --no-annotate --no-emit-index-url \
		--all-extras --resolution lowest-direct $(NOT_LATER_LOWEST) --output-file $(LOWEST)/lowest.txt pyproject.toml -
	$(BIN)/uv pip install --quiet --python $(LOWEST) --constraint $(LOWEST)/lowest.txt $(NOT_LATER_LOWEST) \
		--editable '.[sandbox,parquet,excel,redis]' --group tests
	@touch $@

$(VENV)/.celery: $(VENV)/.ready
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint $(CONSTRAINTS) --group celery
	@touch $@
