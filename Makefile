# One check for everything that CI holds. `make check` needs the dev extra: pip install -e '.[dev]'
PYTHON ?= python

.PHONY: check lint types layers test map format
check: lint types layers map test

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:
	$(PYTHON) -m mypy

layers:
	$(PYTHON) -c "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())"

map:
	$(PYTHON) -m interviewer lint

test:
	$(PYTHON) -m pytest

format:
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .
