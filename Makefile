# make example | test | lint | docs | bench; everything is installed into .venv first.

PYTHON ?= python3
BIN := .venv/bin
UV_VLLM := .venv-vllm/bin/uv pip install --quiet --python .venv-vllm/bin/python
RUST_SOURCES := $(shell find rust -name '*.rs' -o -name 'Cargo.toml') Cargo.toml Cargo.lock

.PHONY: help develop example test test-vllm lint format docs soak interrupts sanitize bench bench-large bench-smoke \
	chromium valgrind clean

help:
	@echo "make example     build the wheel, rate tables 1 and 4 and a million matches, play and report a tournament"
	@echo "make test        every test, Python and Rust"
	@echo "make test-vllm   the judge through a real vLLM, on the processor (6 GB, minutes to install)"
	@echo "make lint        formatting, clippy, ruff, mypy"
	@echo "make docs        the site, into build/site"
	@echo "make soak        the long forms of some tests: crashes, interrupts, mutated answers, brute force"
	@echo "make interrupts  of these, Ctrl-C at fifty random moments of every command"
	@echo "make sanitize    what is unsafe in the compiled module, under AddressSanitizer"
	@echo "make bench       benchmarks beside other tools"
	@echo "make bench-large those that need minutes and gigabytes"
	@echo "make bench-smoke whether each benchmark runs, and what the hot loops' instructions grew by"

# A virtual environment with the tools for work on humorrank.
.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet "maturin>=1.9,<2" --group test --group lint
	touch $@

# The compiled module, in place, with the package's own dependencies.
.venv/developed: .venv/installed $(RUST_SOURCES)
	VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/maturin develop --release --quiet
	touch $@

develop: .venv/developed

# As a user would: the wheel into a fresh environment that has nothing else.
example:
	rm -rf .venv-example build/example
	$(PYTHON) -m venv .venv-example
	.venv-example/bin/python -m pip install --quiet --upgrade "pip>=25.1" "maturin>=1.9,<2"
	.venv-example/bin/maturin build --release --quiet --out build/example
	.venv-example/bin/python -m pip install --quiet "$$(ls build/example/humorrank-*.whl)[figures]"
	.venv-example/bin/python examples/table1.py build/example
	.venv-example/bin/python examples/million.py build/example
	.venv-example/bin/python examples/tournament.py build/example
	.venv-example/bin/python examples/report.py build/example

test: .venv/developed chromium
	$(BIN)/python -m pytest -n 2
	cargo test --quiet -p humorrank-core -p humorrank-files

# A real vLLM in an environment of its own: what it pins would bind everything else. torch comes
# first, so that the override finds it. The compiled module is the one that develop left in place.
.venv-vllm/installed: tests/real_vllm/requirements.txt tests/real_vllm/overrides.txt pyproject.toml
	$(PYTHON) -m venv .venv-vllm
	.venv-vllm/bin/python -m pip install --quiet --upgrade "pip>=25.1" "uv>=0.9"
	$(UV_VLLM) $$(grep '^torch==' tests/real_vllm/requirements.txt)
	$(UV_VLLM) --requirements tests/real_vllm/requirements.txt --override tests/real_vllm/overrides.txt
	$(UV_VLLM) --requirements pyproject.toml --extra openai "pytest>=8" \
		--override tests/real_vllm/overrides.txt
	echo $(CURDIR)/python > $$(.venv-vllm/bin/python -c \
		'import sysconfig; print(sysconfig.get_path("purelib"))')/humorrank.pth
	touch $@

# `make test-vllm MARK=` runs the slow ones too: engines that are started, interrupted and started again.
MARK ?= not slow
test-vllm: .venv/developed .venv-vllm/installed
	VLLM_CPU_KVCACHE_SPACE=1 .venv-vllm/bin/python -m pytest tests/real_vllm -s -m "$(MARK)"

lint: .venv/developed
	cargo fmt --all --check
	cargo clippy --quiet --workspace --all-targets -- -D warnings
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --cache-dir .venv/import-linter
	! cargo tree --quiet -p humorrank-core -p humorrank-files -e normal --prefix none | grep -q '^pyo3'
	$(BIN)/codespell

format: .venv/installed
	cargo fmt --all
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.venv/documented: .venv/installed
	$(BIN)/python -m pip install --quiet --group docs
	touch $@

# Strictly: a broken link or a page that nothing leads to is an error (with --quiet it would be
# none, as warnings that are not said are not counted). The reference is read from
# the sources, so that nothing need be compiled.
docs: .venv/documented
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

.venv/peers: .venv/installed
	$(BIN)/python -m pip install --quiet --group bench
	touch $@

# An hour or more. The interrupts have limits on wall time: nothing else should run meanwhile.
soak: .venv/developed
	$(BIN)/python tests/soak/crash.py --kills 200
	$(BIN)/python tests/soak/interrupts.py --times 50
	$(BIN)/python tests/soak/fuzz.py --times 1000000
	$(BIN)/python tests/soak/brute.py 500

interrupts: .venv/developed
	$(BIN)/python tests/soak/interrupts.py --times 50

# The compiled module, in a copy of the package, under AddressSanitizer: the runtime is gcc's, put
# before everything else, and Python takes its memory from it too. Overflows panic in this build.
HOST := $(shell rustc -vV | sed -n 's/^host: //p')
sanitize: .venv/developed
	RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address cargo build --quiet -p humorrank-python \
		--target $(HOST) --target-dir target/sanitized
	rm -rf build/sanitized && mkdir -p build/sanitized
	cp -r python/humorrank build/sanitized
	cp target/sanitized/$(HOST)/debug/lib_core.so build/sanitized/humorrank/_core.abi3.so
	LD_PRELOAD=$$(gcc -print-file-name=libasan.so) ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc \
		PYTHONPATH=build/sanitized $(BIN)/python -m pytest -n 2 -p no:cacheprovider $(SANITIZED)

# Every unsafe block runs in these: names from lists and from Arrow columns, and the deadline.
SANITIZED := tests/matches/log tests/matches/tally/test_tally.py \
	tests/cli/test_interrupts.py::test_a_call_that_python_cannot_interrupt_has_a_deadline

bench: .venv/developed .venv/peers
	$(BIN)/python -m pytest bench/speed --benchmark-only --benchmark-disable-gc -q

bench-large: .venv/developed .venv/peers
	$(BIN)/python -m bench.speed.large

# Without the peers, which take longer to install than this takes to run.
bench-smoke: .venv/developed valgrind
	$(BIN)/python -m pytest bench/speed --benchmark-disable -q
	$(BIN)/python -m bench.speed.instructions

# For the tests of the page, which are skipped, with a reason, where it cannot be had.
chromium:
	@command -v chromium chromium-browser google-chrome >/dev/null || { [ "$$(id -u)" = 0 ] && \
		{ apt-get update && apt-get install --yes --no-install-recommends chromium fonts-noto-core; } \
		>/dev/null 2>&1; } || true

# For the instruction counts, which are skipped, with a reason, where it cannot be had.
valgrind:
	@command -v valgrind >/dev/null || { [ "$$(id -u)" = 0 ] && \
		{ apt-get update && apt-get install --yes valgrind; } >/dev/null 2>&1; } || true

clean:
	rm -rf .venv .venv-example .venv-vllm build dist target
