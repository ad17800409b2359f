# Two commands do everything: `make demo` and `make test`. Both need python3, bash and make, nothing else.
SHELL := bash
PYTHON ?= python3
JOBS ?= auto
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
# Tests start many processes of their own: each would compile the program anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint types quality bench soak clean wheel

# Python is not compiled here: that is a third of the work of installing, and most modules are never imported.
# The rule of likeness in C is, where there is a compiler.
$(STAMP): pyproject.toml .ci/constraints.txt $(wildcard tmwatch/similarity/c/*)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "tmwatch needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Set PYTHON=/path/to/python3.11 and run make again." >&2; exit 2; }
	@echo "Installing into $(VENV): half a minute, once."
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-compile -c .ci/constraints.txt -e '.[dev,demo]'
	@touch $(STAMP)

demo: $(STAMP)
	@$(VENV)/bin/tmwatch demo $(ARGS)

# The types are looked at beside the tests, which often wait; what that found is said at the end.
# Files in their own order: of two workers neither is then left alone with a long one.
test: $(STAMP) lint
	@said=$$(mktemp) && { nice $(VENV)/bin/mypy >"$$said" 2>&1 & types=$$!; \
	trap 'kill $$types 2>/dev/null; rm -f "$$said"' EXIT; \
	$(PY) -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS); tests=$$?; \
	wait $$types; typed=$$?; echo "mypy:"; cat "$$said"; \
	exit $$((tests ? tests : typed)); }

lint: $(STAMP)
	$(VENV)/bin/ruff check tmwatch tests

types: $(STAMP)
	$(VENV)/bin/mypy

# The measure reads the pairs beside the project (TMWATCH_SHARED, else ../shared) and says so where they are not.
quality: lint types
	@$(PY) -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt -e '.[quality]'
	@$(PY) -m tests.quality.measure $(ARGS)

wheel: $(STAMP)
	$(PY) -m build --wheel

bench: $(STAMP)
	@$(PY) -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt -e '.[bench]'
	$(PY) -m pytest $(if $(filter tests/%,$(ARGS)),,tests/benchmarks) -m bench -s $(ARGS)

soak: $(STAMP)
	$(PY) -m pytest $(if $(filter tests/%,$(ARGS)),,tests) -m soak -s $(ARGS)
	TMWATCH_ALL_EXAMPLES=1 $(PY) -m pytest tests -m 'hypothesis and not bench and not soak' $(ARGS)

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
