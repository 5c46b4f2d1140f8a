# The commands of the project. `make` alone lists them.
#
# Every command makes what it needs: the virtual environment in .venv from nothing but python3, and
# the packages in it. A stamp file remembers that this was done for this very pyproject.toml.

PYTHON ?= python3
BIN := .venv/bin
PYTEST_WORKERS ?= auto
FUZZ_SECONDS ?= 60
FUZZ_SEED ?= 0
COMPARE_SECONDS ?= 60
COMPARE_SEED ?= 0

# One BLAS thread: the networks here are small, two test workers would fight for the cores, and
# timings become repeatable. The two unset variables can name another processor's kernels.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
unexport OPENBLAS_CORETYPE
unexport OPENBLAS_L2_SIZE

.PHONY: help demo test test-kernels test-gpu test-oracles test-pi lint fuzz compare bench schema clean

help: ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

demo: .venv/.desktop ## the whole way on real digits: train, convert to int8, verify, run; prints a table
	$(BIN)/python examples/digits.py --output build/demo

test: .venv/.dev ## run the tests
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadfile

test-kernels: .venv/.dev ## compile every kernel for GPUs that need not be here (sm_80, sm_90), with NVRTC
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[nvrtc]'
	EDGEKIT_COMPILE_KERNELS=1 $(BIN)/python -m pytest -n $(PYTEST_WORKERS) tests/train/gpu/test_nvrtc.py

# With the Python that has the GPU's packages, which is not that of .venv: PYTHON=... make test-gpu
test-gpu: ## on a GPU: all its tests and benchmarks, and one report (see docs/gpu.md)
	$(PYTHON) scripts/test_gpu.py

test-oracles: .venv/.dev ## exchange model files with Keras; EDGEKIT_KERAS_PYTHON=a Python that has keras
	@test -n "$(EDGEKIT_KERAS_PYTHON)" || \
	  { echo "name a Python with keras: make test-oracles EDGEKIT_KERAS_PYTHON=/path/to/python" >&2; exit 2; }
	EDGEKIT_KERAS_PYTHON="$(EDGEKIT_KERAS_PYTHON)" $(BIN)/python -m pytest tests/oracles

test-pi: ## run the device's tests on an emulated Raspberry Pi (Debian only)
	scripts/test_pi.sh

lint: .venv/.dev ## check style, formatting and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

fuzz: .venv/.dev ## mutate model files until FUZZ_SECONDS are over (60 for each format); compare verifiers
	$(BIN)/python scripts/fuzz.py --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED)
	$(BIN)/python scripts/compare_verifiers.py --seed $(FUZZ_SEED)

compare: .venv/.dev ## run random TFLite networks here and in LiteRT until COMPARE_SECONDS are over (60)
	$(BIN)/python scripts/compare_random.py --seconds $(COMPARE_SECONDS) --first $(COMPARE_SEED)

bench: .venv/.dev ## run every benchmark
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

schema: .venv/.dev ## make edgekit/schema/*_layout.py from schemas/*.fbs (needs node and npm)
	$(BIN)/python scripts/generate_schema.py

clean: ## remove everything these commands wrote, except .venv
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find edgekit tests examples scripts benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "edgekit needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv .venv || \
	  { rm -rf .venv; echo "no virtual environment could be made (Debian: apt install python3-venv)" >&2; exit 1; }

# The dependency on the interpreter is order-only: its time stamp is older or newer than
# pyproject.toml for reasons that say nothing about what is installed.
.venv/.desktop: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[desktop]'
	@touch $@

.venv/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ .venv/.desktop
