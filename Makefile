# `make` lists the targets. Needed: Python 3.11 or newer and make; uv is used where it is there.

MONTH ?= 2026-10
# LANGUAGE is also a gettext variable of many desktops (LANGUAGE=de_AT:de): only make's counts.
ifneq ($(origin LANGUAGE),command line)
LANGUAGE := de
endif
PYTHON ?=

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DATABASE := data/sample.duckdb
REVIEW := reports/$(MONTH)/monthly_review.html
# Touched when the language asked for is not the one that the month's review was written in.
ASKED := reports/.$(MONTH).$(LANGUAGE)

code = $(wildcard $(addprefix funnel_analytics/,$(1)))
LOADING := data/sample $(wildcard data/sample/*) \
	$(call code,agreement/*.py clock.py privacy/*.py schema/*.py sources/*.py sources/reading/*.py) \
	$(call code,sources/presets/*.toml sql/identity/*.sql sql/marts/*.sql sql/sources/*.sql) \
	$(call code,sql/warehouse/*.sql warehouse/*.py)
RENDERING := $(wildcard notebooks/monthly_review.ipynb) \
	$(shell find funnel_analytics -type f ! -name '*.pyc')

# Bytecode is always written: without it each start of a kernel compiles half of the libraries.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup report test kills lint lab sample bench false-alarms attribution-truth speed-effect incrementality lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-17s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "make report MONTH=2026-09 LANGUAGE=en   another month, in English"
	@echo "make clean setup PYTHON=python3.12      all anew with that Python"

setup: $(READY) ## Virtual environment in .venv with the pinned dependencies

report: $(REVIEW) ## Monthly review of the sample company, as reports/MONTH/monthly_review.html
	@echo "The review is at $(CURDIR)/$(REVIEW)"

test: lint $(DATABASE) ## Everything that has to hold: lint, types, layers, SQL, tests, notebooks
	$(BIN)/python -m pytest -n 2 --dist worksteal

kills: $(READY) ## Kill 50 loads at random moments (make test kills 5)
	FUNNEL_KILLS=50 $(BIN)/python -m pytest -q tests/sources/test_kills.py

lint: $(READY) ## Style, types, import layers and SQL only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(BIN)/python tests/project/side_by_side.py $(BIN)/mypy \
		-- $(BIN)/lint-imports --no-logo --no-cache \
		-- $(BIN)/python tests/project/lint_sql.py

lab: $(READY) $(DATABASE) ## JupyterLab with the notebooks
	cd notebooks && ../$(BIN)/jupyter lab

sample: $(READY) ## Write data/sample anew (the same seed gives the same files)
	$(BIN)/funnel sample data/sample

bench: $(READY) ## Speed and memory on a million leads, and of loading 1 GB
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/exploration.py
	$(BIN)/python benchmarks/response.py
	$(BIN)/python benchmarks/attribution.py
	$(BIN)/python benchmarks/attribution_bootstrap.py
	$(BIN)/python benchmarks/attribution_warehouse.py
	$(BIN)/python benchmarks/costs.py
	$(BIN)/python benchmarks/loading.py

false-alarms: $(READY) ## How often drop_off_segments finds something where nothing is (200 seeds)
	$(BIN)/python benchmarks/false_alarms.py

attribution-truth: $(READY) ## Which model of attribution errs how? (4 worlds, 20 companies)
	$(BIN)/python benchmarks/attribution_truth.py

speed-effect: $(READY) ## Do the intervals of speed_effect hold the truth? (60 companies each way)
	$(BIN)/python benchmarks/speed_effect.py

incrementality: $(READY) ## Do the intervals of switched_off and spend_response hold the truth?
	$(BIN)/python benchmarks/incrementality.py

lock: ## Pin the dependencies of pyproject.toml anew (needs uv)
	@uv --version >/dev/null 2>&1 || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header -o requirements.lock

clean: ## Remove what make made, except reports
	rm -rf $(VENV) $(DATABASE) .coverage .hypothesis .import_linter_cache .mypy_cache \
		.pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml
	@sh .ci/setup.sh "$(VENV)" "$(PYTHON)"
	@touch $@

$(DATABASE): $(READY) $(LOADING)
	rm -f $@ $@.wal
	$(BIN)/funnel load data/sample --preset sample --agreement data/sample/agreement.toml \
		--as-of 2026-11-01 --db $@
	@touch $@

$(REVIEW): $(DATABASE) $(RENDERING) $(ASKED)
	$(BIN)/funnel report monthly_review --period $(MONTH) --db $(DATABASE) --language $(LANGUAGE)

$(ASKED):
	@mkdir -p reports && rm -f reports/.$(MONTH).* && touch $@
