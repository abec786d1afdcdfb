# The explorer's commands; `make help` lists them.

PORT ?= 8501
PIP_ARGS ?=
PYTHON ?=
ARGS ?=
JOBS ?= 2
IN := .venv/bin/python
export PIP_ARGS PYTHON

.DEFAULT_GOAL := help
.PHONY: help app test notebook assets bench lint clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' Makefile

app: ## install what is needed, start engine and dashboard on 127.0.0.1:8501 (PORT=… for another port)
	@scripts/venv.sh
	@$(IN) scripts/launch.py --port "$(PORT)"

test: ## install what is needed, run every test (ARGS="-k gru" picks some, JOBS=0 runs one at a time)
	@scripts/venv.sh dev
	@scripts/chromium.sh
	@$(IN) -m pytest -n $(JOBS) --dist loadfile $(ARGS)

notebook: ## open the notebooks in JupyterLab
	@scripts/venv.sh dev
	@$(IN) -m jupyterlab --notebook-dir=notebooks --ip=127.0.0.1 $(if $(filter 0,$(shell id -u)),--allow-root)

assets: ## train the small run again that ships with the project
	@scripts/venv.sh
	@$(IN) -c 'from rnn_core.shipped import rebuild; rebuild()'

bench: ## measure speed side by side with torch.nn
	@scripts/venv.sh dev
	@$(IN) -m benchmarks $(ARGS)

lint: ## look for slips that no test sees
	@scripts/venv.sh dev
	@$(IN) -m ruff check .

clean: ## remove .venv, caches and what the tests left behind
	@rm -rf .venv *.egg-info .pytest_cache .ruff_cache .hypothesis tests/browser/shots
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
