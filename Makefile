# `make help` lists the targets. Everything is installed into .venv first.

PYTHON ?= python3
SCRIPTS := $(if $(filter Windows_NT,$(OS)),Scripts,bin)
BIN := .venv/$(SCRIPTS)
UV_VLLM := .venv-vllm/bin/uv pip install --quiet --python .venv-vllm/bin/python
RUST_SOURCES := $(shell find rust -name '*.rs' -o -name 'Cargo.toml') Cargo.toml Cargo.lock

.PHONY: help develop example test test-vllm lint format docs soak interrupts sanitize bench bench-large bench-smoke \
	chromium valgrind licenses wheel sdist wheel-test cross deny pip-audit clean

help:
	@echo "make example     build the wheel and run the examples from a fresh environment"
	@echo "make test        run all Python and Rust tests"
	@echo "make test-vllm   test the judge with a real vLLM on the CPU (6 GB; installation takes minutes)"
	@echo "make lint        run the linters and check the formatting"
	@echo "make docs        build the documentation site in build/site"
	@echo "make soak        run the long versions of some tests (an hour or more)"
	@echo "make interrupts  interrupt every command with Ctrl-C at fifty random moments"
	@echo "make sanitize    run the unsafe code of the compiled module under AddressSanitizer"
	@echo "make bench       compare the speed with other tools"
	@echo "make bench-large run the benchmarks that need minutes and gigabytes"
	@echo "make bench-smoke run each benchmark once and check the instruction counts of the hot loops"
	@echo "make wheel       build a wheel for release in build/dist (TARGET=... for another platform)"
	@echo "make wheel-test  install that wheel into a fresh environment without Rust, and try it"
	@echo "make sdist       build the source distribution, and install from it"
	@echo "make cross       compile for Windows and for Linux on aarch64"
	@echo "make deny        check the licenses, sources and advisories of the crates"
	@echo "make pip-audit   check the advisories of the Python packages"

# A virtual environment with the development tools.
.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet "maturin>=1.9,<2" --group test --group lint
	touch $@

# Builds the compiled module in place and installs the dependencies of the package.
.venv/developed: .venv/installed $(RUST_SOURCES)
	VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/maturin develop --release --quiet
	touch $@

develop: .venv/developed

# Installs the wheel as a user would, into a fresh environment that contains nothing else.
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

# vLLM has a separate environment because it pins many packages. torch is installed first, so that
# the override can find it. The compiled module is the one built in place by `make develop`.
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

# `make test-vllm MARK=` also runs the slow tests, which start, interrupt and restart engines.
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
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/zizmor --offline --quiet .github

format: .venv/installed
	cargo fmt --all
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.venv/documented: .venv/installed
	$(BIN)/python -m pip install --quiet --group docs
	touch $@

# With --strict, a broken link or a page without a link to it is an error. --quiet would disable
# this, because MkDocs does not count warnings that it does not print. The API reference is read
# from the sources, so nothing has to be compiled.
docs: .venv/documented
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

.venv/peers: .venv/installed
	$(BIN)/python -m pip install --quiet --group bench
	touch $@

# Takes an hour or more. The interrupts have limits on wall time, so nothing else should run on the
# machine.
soak: .venv/developed
	$(BIN)/python tests/soak/crash.py --kills 200
	$(BIN)/python tests/soak/interrupts.py --times 50
	$(BIN)/python tests/soak/fuzz.py --times 1000000
	$(BIN)/python tests/soak/brute.py 500
	$(BIN)/python tests/soak/separation.py 1000
	$(BIN)/python tests/attack/full_disk.py --step 4
	$(BIN)/python tests/attack/store.py --times 4000
	$(BIN)/python tests/attack/files.py --times 35000
	$(BIN)/python tests/attack/originals.py build/originals
	cargo run --release --quiet -p humorrank-files --example fuzz -- 3600 build/originals/*

interrupts: .venv/developed
	$(BIN)/python tests/soak/interrupts.py --times 50

# Runs the compiled module under AddressSanitizer, in a copy of the package. The runtime of gcc is
# preloaded, and Python allocates its memory through it as well. Integer overflows panic in this
# build.
HOST := $(shell rustc -vV | sed -n 's/^host: //p')
sanitize: .venv/developed
	RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address cargo build --quiet -p humorrank-python \
		--target $(HOST) --target-dir target/sanitized
	rm -rf build/sanitized && mkdir -p build/sanitized
	cp -r python/humorrank build/sanitized
	cp target/sanitized/$(HOST)/debug/lib_core.so build/sanitized/humorrank/_core.abi3.so
	LD_PRELOAD=$$(gcc -print-file-name=libasan.so) ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc \
		PYTHONPATH=build/sanitized $(BIN)/python -m pytest -n 2 -p no:cacheprovider $(SANITIZED)

# These tests run every unsafe block: names from lists and from Arrow columns, and the deadline.
SANITIZED := tests/matches/log tests/matches/tally/test_tally.py \
	tests/cli/test_interrupts.py::test_a_call_that_python_cannot_interrupt_has_a_deadline

bench: .venv/developed .venv/peers
	$(BIN)/python -m pytest bench/speed --benchmark-only --benchmark-disable-gc -q

bench-large: .venv/developed .venv/peers
	$(BIN)/python -m bench.speed.large

# Omits the other tools, which take longer to install than the benchmarks take to run.
bench-smoke: .venv/developed valgrind
	$(BIN)/python -m pytest bench/speed --benchmark-disable -q
	$(BIN)/python -m bench.speed.instructions

# Needed by the tests of the report page, which are skipped with a reason if it cannot be installed.
chromium:
	@command -v chromium chromium-browser google-chrome >/dev/null || { [ "$$(id -u)" = 0 ] && \
		{ apt-get update && apt-get install --yes --no-install-recommends chromium fonts-noto-core; } \
		>/dev/null 2>&1; } || true

# Needed by the instruction counts, which are skipped with a reason if it cannot be installed.
valgrind:
	@command -v valgrind >/dev/null || { [ "$$(id -u)" = 0 ] && \
		{ apt-get update && apt-get install --yes valgrind; } >/dev/null 2>&1; } || true

# The environment that builds releases. On Linux, wheels are linked by zig, which ziglang brings: it
# links against glibc 2.17 or musl on any machine, and compiles for other processors.
.venv-release/installed: pyproject.toml
	$(PYTHON) -m venv .venv-release
	.venv-release/$(SCRIPTS)/python -m pip install --quiet --upgrade "pip>=25.1"
	.venv-release/$(SCRIPTS)/python -m pip install --quiet --group release
	touch $@

RELEASE := PATH="$(CURDIR)/.venv-release/$(SCRIPTS):$$PATH"
TARGET ?= $(HOST)
ZIG = $(if $(findstring linux,$(TARGET)),--zig --compatibility \
	$(if $(findstring musl,$(TARGET)),musllinux_1_2,manylinux2014))

# The license texts of the crates, which wheels contain.
licenses: .venv-release/installed
	$(RELEASE) python -m release.licenses --target $(TARGET) --texts THIRD-PARTY-LICENSES.txt

wheel: licenses
	rustup target add $(TARGET)
	$(RELEASE) maturin build --release --quiet --target $(TARGET) $(ZIG) --out build/dist

# Only the system's own programs are on PATH, so that neither cargo nor a compiler of Rust is found.
wheel-test:
	rm -rf .venv-wheel
	$(PYTHON) -m venv .venv-wheel
	PATH=/usr/bin:/bin .venv-wheel/bin/python -m pip install --quiet --only-binary :all: \
		"$$(ls -t build/dist/humorrank-*manylinux*$$(uname -m)*.whl | head -1)"
	PATH=/usr/bin:/bin .venv-wheel/bin/python release/smoke.py --without cargo --without rustc

# The source distribution has to hold everything that building it takes.
sdist: .venv-release/installed
	$(RELEASE) maturin sdist --out build/dist
	rm -rf .venv-sdist
	$(PYTHON) -m venv .venv-sdist
	.venv-sdist/$(SCRIPTS)/python -m pip install --quiet --no-binary humorrank \
		"$$(ls -t build/dist/humorrank-*.tar.gz | head -1)"
	.venv-sdist/$(SCRIPTS)/python release/smoke.py

# Type-checks and compiles what the other platforms take; only their own machines can run it.
CROSS := x86_64-pc-windows-gnu aarch64-unknown-linux-gnu
cross: .venv-release/installed
	rustup target add $(CROSS)
	for target in $(CROSS); do \
		$(RELEASE) cargo-zigbuild zigbuild --quiet --release -p humorrank-core -p humorrank-files \
			--target $$target || exit 1; done

deny: .venv-release/installed
	cargo install --quiet --locked --root .venv-release cargo-deny
	$(RELEASE) cargo-deny check

# The advisories are fetched from the Python Packaging Advisory Database.
pip-audit: .venv/developed .venv-release/installed
	$(BIN)/python -m pip freeze --exclude humorrank > build/requirements.txt
	$(RELEASE) pip-audit --disable-pip --no-deps --requirement build/requirements.txt

clean:
	rm -rf .venv .venv-example .venv-vllm .venv-release .venv-wheel .venv-sdist build dist target
