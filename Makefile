# `make demo` and `make test` set up everything they need in .venv with plain pip.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Other people's GANs have a place of their own, which looks into the project's for torch and for ganvas.
PEERS := build/peers
PEERS_READY := $(PEERS)/.ready

.PHONY: demo test torture lint types bench bench-peers gpu-wheels docs site dist clean

demo: $(READY)
	$(BIN)/ganvas demo

test: $(READY)
	$(BIN)/pytest --numprocesses auto --dist worksteal

# Accidents of every kind, for hours; see docs/reliability.md. It goes on where it was stopped.
# CLASS=kills tries one kind, COUNT=10 so many of each, SEED=1 others; RESULTS is the folder of what was tried.
CLASS ?=
COUNT ?= 0
SEED ?= 0
RESULTS ?= build/torture
torture: $(READY)
	-$(BIN)/python -m pip install --quiet --editable '.[torture]'
	PYTHONPATH=tests $(BIN)/python -m torture --only '$(CLASS)' --count $(COUNT) --seed $(SEED) --results $(RESULTS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/python -m benchmarks.throughput
	$(BIN)/python -m benchmarks.recipes
	$(BIN)/python -m benchmarks.sampling
	$(BIN)/python -m benchmarks.prepare $(VENV)/photographs

bench-peers: $(PEERS_READY)

# What a machine with PyTorch and timm lacks for benchmarks/gpu.py, in less than 64 MiB.
gpu-wheels: $(READY)
	$(BIN)/python -m benchmarks.on_gpu.wheels build/gpu-wheels

docs: $(READY)
	$(BIN)/python scripts/reference.py

# The documentation as a site in build/site. A link that leads nowhere is an error.
site: $(READY)
	$(BIN)/python scripts/site.py
	$(BIN)/mkdocs build --strict --quiet

# The wheel and the source archive, in dist/.
dist: $(READY)
	$(BIN)/python -m build

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

$(PEERS_READY): $(READY)
	$(PYTHON) -m venv $(PEERS)
	$(BIN)/python -c 'import sysconfig; print("import site; site.addsitedir(" + repr(sysconfig.get_path("purelib")) + ")")' \
		> "$$($(PEERS)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/project.pth"
	$(PEERS)/bin/python -m pip install --quiet lightweight-gan==1.2.1 scikit-image requests
	# It asks for TensorFlow, which only its scores use.
	$(PEERS)/bin/python -m pip install --quiet --no-deps torch-mimicry==0.1.16
	touch $@

clean:
	rm -rf $(VENV) $(PEERS) demo
