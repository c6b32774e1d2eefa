# make teleop    set everything up and run the loop; open the address that it prints
# make replay    the same driven by a recording, with rates and delays at its end
# make overlay   a robot drawn into a calibrated camera's picture, out of a simulated recording
# make align     the simulated camera brought into line with a real one, out of the same recording
# make test      set everything up; format, lint, types and tests
# make test-slow the tests of dataflows, nodes and browsers as on a slow machine: AS=busy-loops,
#                one-core or stops
# make bench     every benchmark, or NAMES='panorama.* loop.*'
# make lint      format, lint and types alone
# make clean     remove what set-up and runs have made
SHELL := /bin/bash
.DEFAULT_GOAL := help
ACTIVATE := source .venv/bin/activate
NAMES ?= *
AS ?= busy-loops

## Says how long a part of a run took: $(call timed,NAME,COMMAND)
timed = begin=$$SECONDS && $(2) && echo "$(1): $$((SECONDS - begin)) s"

.PHONY: help teleop replay overlay align test test-slow bench lint clean setup setup-overlay setup-dev setup-bench

help:
	@sed -n 's/^# //p' Makefile

teleop: setup
	@$(ACTIVATE) && panodora doctor --quiet && exec dora run dataflows/teleop.yml

replay: setup
	@$(ACTIVATE) && panodora doctor --quiet dataflows/teleop_replay.yml && exec panodora replay

overlay: setup-overlay
	@$(ACTIVATE) && { [ -f out/overlay/recording/meta.json ] || panodora synthesize; } && \
		exec dora run dataflows/overlay.yml

align: setup-overlay
	@$(ACTIVATE) && { [ -f out/overlay/recording/meta.json ] || panodora synthesize; } && \
		exec dora run dataflows/align_camera.yml

test: lint
	@$(ACTIVATE) && exec pytest --numprocesses 2

test-slow: setup-dev
	@$(ACTIVATE) && exec python -m tests.slow_machine $(AS) pytest -m 'dataflow or node or browser'

lint: setup-dev
	@$(ACTIVATE) && $(call timed,format,ruff format --check .) && $(call timed,lint,ruff check .) && \
		$(call timed,types,mypy)

bench: setup-bench
	@$(ACTIVATE) && exec python -m benchmarks $(NAMES:%='%')

clean:
	rm -rf .venv build out dataflows/out tests/e2e/node_modules *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup:
	@scripts/setup.sh core

setup-overlay:
	@scripts/setup.sh overlay

setup-dev:
	@$(call timed,set-up,scripts/setup.sh dev)

setup-bench:
	@scripts/setup.sh bench
