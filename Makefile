# make book | test | test-avx2 | serve | data | runs | gpu | benchmark | format | requirements | clean
# Python 3.11 to 3.13 and make are all that is needed; everything else lands in .venv.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
  2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
READY := .venv/ready
CLUSTERS := .venv/clusters
IMAGES := data/FashionMNIST/raw/train-images-idx3-ubyte
ASSETS := node_modules/.package-lock.json
ENGINE := _build/engine/lenet.wasm
SITE := _build/html/.built
NOTEBOOKS := _build/html/colab/.built
find = $(shell find $(1) -type f ! -path '*/__pycache__/*' 2>/dev/null)
CODE := $(call find,normlab results benchmarks/results) requirements.txt pyproject.toml
NUMBERS := $(filter-out %/site/ %/notebooks/ %/browsers/ %/clusters/ %/__pycache__/,$(wildcard tests/*/)) \
  $(filter-out %_make.py %_style.py,$(wildcard tests/test_*.py))
# Sums of floating-point numbers, which processors add in orders of their own: layers and
# their gradients, training and scores, and first steps of most experiments: not of those
# with 110 layers, nor of some with a network of another one's and other normalizers,
# rates or images.
STEPS := tests/runs/test_records.py::test_first_steps_come_out_again
SUMS := tests/gradients tests/layers $(patsubst %,tests/test_%.py,augmentation evaluation \
  models recomputed recorders residual scale_invariance training) \
  tests/test_checks.py::test_right_answer_passes $(STEPS)
ALIKE := $(patsubst %,$(STEPS)[%,batch-augmentation placement- race-rates race-others \
  residual schedules-switches schedules-others)
PAGES := $(filter-out web/colab/%,$(call find,book notebooks web)) _config.yml _toc.yml

# make colab: the chapters as notebooks, in _build/html/colab, as `make book` does too
# make test-avx2: the tests of sums once more, as on a processor without AVX-512
# make test-clusters: runs on a Dask and a Ray cluster, which the tests start
# make test-browsers: the site in Firefox and WebKit, beside the Chromium of `test`, and
# the widgets in JupyterLab, with a kernel
# make runs-quick: a rehearsal of every experiment, into _build/quick, for no page
.PHONY: book test test-avx2 test-clusters test-browsers serve data runs runs-quick gpu colab benchmark format \
  requirements clean

book: $(NOTEBOOKS)

$(READY): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "This book needs Python 3.11, 3.12 or 3.13, and none \
	is on the PATH. Install one (Debian: apt-get install python3 python3-venv) or \
	name one: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info[:2] <= (3, 13) or sys.exit( \
	"This book needs Python 3.11, 3.12 or 3.13; $(PYTHON) is " + sys.version.split()[0] \
	+ ". Install one of these, or name it: make PYTHON=/path/to/python3.12")'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Could not make .venv with \
	$(PYTHON). On Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --no-deps --progress-bar on -r requirements.txt
	$(BIN)/python -m pip install --no-deps --no-build-isolation --quiet -e .
	@touch $@

data: $(IMAGES)
$(IMAGES): | $(READY)
	$(BIN)/python -m normlab.data

$(ASSETS): package.json package-lock.json | $(READY)
	$(BIN)/npm ci --no-fund --no-audit --loglevel=error
	@touch $@

# LeNet in WebAssembly, which trains in the page.
$(ENGINE): $(ASSETS) $(wildcard normlab/widgets/trainer/assembly/*.ts)
	$(BIN)/npx asc --config normlab/widgets/trainer/asconfig.json

# The caches know the cells but not the code they import: start afresh
# when that code, a recorded run or a version changes.
_build/code: $(CODE)
	@rm -rf _build/.jupyter_cache _build/.doctrees && mkdir -p _build && touch $@

$(SITE): $(READY) $(IMAGES) $(ASSETS) $(ENGINE) $(PAGES) _build/code
	@rm -rf _build/html  # a page that left the book must leave the site
	$(BIN)/jupyter-book build . -W -n --keep-going
	@touch $@

# They hold what the build computed, and the pages offer them for download.
$(NOTEBOOKS): $(SITE) $(call find,web/colab)
	$(BIN)/python -m web.colab $(@D)
	@touch $@

# Tests in two processes of one thread each; a file stays in one of them, as its tests
# share what takes long to make: a model, or a browser. No notebook is a test of theirs,
# and what would collect them takes each process seconds to import.
IN_TWO := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -p no:nbmake

test: $(NOTEBOOKS)
	$(IN_TWO) $(NUMBERS)
	$(IN_TWO) --no-loadscope-reorder $(NUMBERS:%=--ignore=%)

test-avx2: $(READY) $(IMAGES)
	ATEN_CPU_CAPABILITY=avx2 DNNL_MAX_CPU_ISA=AVX2 MKL_ENABLE_INSTRUCTIONS=AVX2 \
	  $(IN_TWO) $(SUMS) $(patsubst %,--deselect='%',$(ALIKE))

$(CLUSTERS): requirements-clusters.txt | $(READY)
	$(BIN)/python -m pip install --no-deps --quiet -r requirements-clusters.txt
	@touch $@

test-clusters: $(CLUSTERS)
	$(BIN)/python -m pytest tests/clusters

test-browsers: $(NOTEBOOKS)
	$(IN_TWO) tests/browsers

serve: $(NOTEBOOKS)
	NO_UPDATE_CHECK=1 $(BIN)/npx serve _build/html --listen 8000

runs: $(READY) $(IMAGES)
	$(BIN)/python -m normlab.runs run all

runs-quick: $(READY) $(IMAGES)
	$(BIN)/python -m normlab.runs run all --quick

gpu: $(READY) $(IMAGES)
	$(BIN)/python -m normlab.runs run lenet --device cuda
	$(BIN)/python -m benchmarks --device cuda

colab: $(NOTEBOOKS)

benchmark: $(SITE)
	$(BIN)/python -m benchmarks

format: $(READY)
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .
	$(BIN)/jupytext --quiet --to md:myst notebooks/*.md

requirements: $(READY)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile requirements.in --override requirements.overrides \
	  --universal --python-version 3.11 --no-header --no-annotate -o requirements.txt
	@sed -i '1i # Install with: pip install --no-deps -r requirements.txt   (d2l'"'"'s own pins are stale)' requirements.txt
	$(BIN)/uv pip compile requirements-clusters.in --universal --python-version 3.11 \
	  --no-header --no-annotate -o .venv/clusters.txt
	@grep -vxFf requirements.txt .venv/clusters.txt > requirements-clusters.txt

clean:
	rm -rf _build .pytest_cache .ruff_cache
