.PHONY: help demo test check bench

help: ## what can be made
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: ## set up, load the demonstration, serve it on 127.0.0.1:8000 (PORT=… for another port)
	@scripts/setup run
	@.venv/bin/resecure demo

test: ## every test, on the embedded PostgreSQL 18 and on Debian's 15
	@scripts/setup dev
	@scripts/test

check: ## types, lint, format and the import contract; changes nothing
	@scripts/setup dev
	@# The types need Django's settings, not a database: none is started for them.
	RESECURE_STATE_DIRECTORY=.mypy_cache/state RESECURE_DATABASE_URL=postgresql://nobody@/none .venv/bin/mypy
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports

bench: ## the benchmarks, each against its limit
	@scripts/setup dev
	@.venv/bin/python -m bench
