# make teleop    set everything up and run the loop; open the address that it prints
# make replay    the same driven by a recording, with rates and delays at its end
# make overlay   a robot drawn into a calibrated camera's picture, out of a simulated recording
# make align     the simulated camera brought into line with a real one, out of the same recording
# make test      set everything up; format, lint, types and tests
# make bench     every benchmark, or NAMES='panorama.* loop.*'
# make lint      format, lint and types alone
# make clean     remove what set-up and runs have made
SHELL := /bin/bash
.DEFAULT_GOAL := help
ACTIVATE := source .venv/bin/activate
NAMES ?= *

.PHONY: help teleop replay overlay align test bench lint clean setup setup-overlay setup-dev setup-bench

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
	@$(ACTIVATE) && exec pytest

lint: setup-dev
	@$(ACTIVATE) && ruff format --check . && ruff check . && mypy

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
	@scripts/setup.sh dev

setup-bench:
	@scripts/setup.sh bench
