# The two commands: `make demo` replays a real recording, `make test` runs every test.
# Both install what is missing first. `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build
.PHONY: help setup build demo test test-browser test-interop test-mpi test-nest check fuzz bench bench-peers reproduce clean

# rustup's installer asks for a new login before cargo is on the path; do without.
export PATH := $(PATH):$(HOME)/.cargo/bin

BIN := $(or $(CARGO_TARGET_DIR),target)/release/memspike
DEBUG_BIN := $(or $(CARGO_TARGET_DIR),target)/debug/memspike
RECORDING := tests/data/recordings/mc_maze_trial_748/mc_maze_trial_748.nwb

help: ## This list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: ## Install what is missing: compiler, cmake (needed to build HDF5); nothing to do the second time
	@.ci/setup

build: setup ## target/release/memspike
	cargo build --release --locked

demo: build ## Replay a monkey's motor cortex into models/replay.toml: out/demo.h5, out/demo.png
	mkdir -p out
	$(BIN) replay $(RECORDING) --model models/replay.toml -o out/demo.h5 --force
	$(BIN) raster out/demo.h5 -o out/demo.png --behavior=hand_pos,hand_vel --force

test: setup ## All tests
	cargo test --locked

# One line per script of tests/interop.
test-interop: setup ## What we write, read by the formats' own libraries (installed into target/interop), and the reverse; random devices; the notebooks
	cargo build --locked
	test -x target/interop/bin/python || python3 -m venv target/interop
	target/interop/bin/pip install --quiet --disable-pip-version-check pynwb nwbinspector libsonata neo nixio elephant pynapple nir h5py scipy matplotlib
	target/interop/bin/python tests/interop/check_formats.py $(DEBUG_BIN) tests/data/recordings
	target/interop/bin/python tests/interop/check_stats.py $(DEBUG_BIN) tests/data/recordings
	target/interop/bin/python tests/interop/check_devices.py $(DEBUG_BIN)
	target/interop/bin/python tests/interop/check_switching.py $(DEBUG_BIN)
	target/interop/bin/python tests/interop/check_waveforms.py $(DEBUG_BIN)
	target/interop/bin/python tests/interop/check_drives.py $(DEBUG_BIN)
	target/interop/bin/python tests/interop/check_crossbars.py $(DEBUG_BIN)
	target/interop/bin/python tests/interop/check_thresholds.py $(DEBUG_BIN)
	$(DEBUG_BIN) convert tests/data/nir/chain.toml target/interop/chain.nir --dt 0.1ms --force
	target/interop/bin/python tests/interop/check_nir.py target/interop/chain.nir
	$(DEBUG_BIN) replay $(RECORDING) --model models/replay.toml -o target/interop/demo.h5 --force
	target/interop/bin/python tests/interop/check_result.py target/interop/demo.h5
	target/interop/bin/python tests/interop/check_notebooks.py target/interop/demo.h5 notebooks

test-mpi: setup ## The optional feature mpi: ranks against threads alone; installs Open MPI and libclang where they are missing
	@.ci/setup mpi
	cargo test --locked --features mpi --test mpi

test-nest: setup ## Neurons and plasticity rules with random parameters, beside NEST (250 MB, installed into target/peers)
	cargo build --locked
	test -x target/peers/bin/python || python3 -m venv target/peers
	target/peers/bin/pip install --quiet --disable-pip-version-check nest-simulator h5py
	target/peers/bin/python tests/interop/check_nest.py $(DEBUG_BIN)

test-browser: setup ## The interactive page in Chromium, which is installed where it is missing (Debian, Ubuntu)
	@.ci/setup browser
	MEMSPIKE_BROWSER=required cargo test --locked --test it browser

check: setup ## Format, clippy, documentation
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps

fuzz: setup ## 100,000 changed inputs for each reader: docs/FUZZING.md; SEED=2 for others, CORPUS=folder for more samples
	cargo test --locked --test fuzz -- --inputs $(or $(INPUTS),100000) --seed $(or $(SEED),1) $(if $(CORPUS),--corpus $(CORPUS))

bench: setup ## The inner loops and whole networks: benches/README.md
	cargo bench --locked --bench kernels
	cargo bench --locked --bench networks -- --runs 1

bench-peers: setup ## The same networks on NEST and Brian2 (installed into target/peers), in turn with ours
	test -x target/peers/bin/python || python3 -m venv target/peers
	target/peers/bin/pip install --quiet nest-simulator brian2 'numpy<2.4'
	cargo bench --locked --bench networks -- --peers target/peers --threads 1 --seconds 1

reproduce: setup ## Every shipped model at full length, against its paper: docs/REPRODUCTION.md
	cargo bench --locked --bench reproduce

clean: ## Remove what was built
	cargo clean
	rm -rf out
