# `make help` lists what there is. Settings: PROFILE (quick, cpu, paper), DATA (see paperlib.data.load), NOTEBOOKS (what
# their names begin with, such as "04 05"; all unless given), PYTHON, VENV (where the environment is; VENV= takes PYTHON,
# python3 unless named, with what is installed there), SCHEDULER (the address of a dask scheduler, whose workers then train
# what no clock measures; see paperlib.sweep).

NAMED := $(PROFILE)
PROFILE ?= quick
DATA ?=
OPTIONS ?=
SCHEDULER ?=
NOTEBOOKS ?=
VENV ?= .venv
PEERS ?= build/peers
OUT := figures/$(PROFILE)
READY := $(if $(VENV),$(VENV)/.ready)
RUN := $(if $(VENV),$(VENV)/bin/python,$(or $(PYTHON),python3))
LACKS ?= keras namex optree apricot-select

export TF_CPP_MIN_LOG_LEVEL ?= 2
# TensorFlow's notes on how it was built, which it prints at any log level.
NOTES := absl::InitializeLog|oneDNN custom operations
# Under JAX every run compiles its steps: what another one has compiled, in this process or before, is found there.
export JAX_COMPILATION_CACHE_DIR ?= $(CURDIR)/build/jax
export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS ?= 0
export PYDEVD_DISABLE_FILE_VALIDATION = 1
SHELL := /bin/bash
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help env figures records wheels own verify report test bench readme lab clean

help:  ## this list
	@echo "make TARGET [PROFILE=quick|cpu|paper] [DATA=path] [NOTEBOOKS=\"04 05\"] [SCHEDULER=tcp://host:port]"
	@sed -n 's/^\([a-z]*\):[^#]*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 12

env: $(READY)  ## build .venv from the pins in environment.yml

$(READY): environment.yml pyproject.toml
	@python=$$(for p in $(PYTHON) python3 python3.12 python3.13 python3.11 python3.10; do \
	    $$p -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done); \
	if [ -z "$$python" ]; then \
	    echo "No Python from 3.10 to 3.13 was found; install one, or name it: make $(MAKECMDGOALS) PYTHON=path" >&2; exit 1; fi; \
	echo "Building $(VENV) with $$($$python --version) (some minutes, once)"; \
	$$python -m venv --clear $(VENV) || \
	    { echo "That Python has no venv module; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@sed -n 's/^      - //p' environment.yml > $(VENV)/requirements.txt
	@$(RUN) -m pip install --quiet --disable-pip-version-check --requirement $(VENV)/requirements.txt
	@touch $@

figures: env  ## run all notebooks headless; writes figures/PROFILE
	@$(if $(SCHEDULER),DASK_SCHEDULER_ADDRESS="$(SCHEDULER)") $(RUN) -m paperlib.headless "$(PROFILE)" "$(DATA)" $(NOTEBOOKS) 2> >(grep -vE "$(NOTES)" >&2)
	@echo "Written:"; ls -d $(OUT)/*.png $(OUT)/*.pdf $(OUT)/*.csv $(OUT)/notebooks $(OUT)/records

records: env  ## train all that `make figures` would and that is not on record, in one process; draws nothing
	@$(RUN) -m paperlib.recording "$(PROFILE)" "$(DATA)" 2> >(grep -vE "$(NOTES)" >&2)

# For the version of PYTHON. LACKS: what is missing there, in the versions of environment.yml if it is named in it.
wheels:  ## collect in build/wheels what a machine with JAX, but without a network, lacks; see the README
	@rm -rf build/wheels; mkdir -p build/wheels
	@$(or $(PYTHON),python3) -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/wheels \
	    $(foreach name,$(LACKS),$$(sed -n 's/^      - \($(name)==.*\)/\1/p;' environment.yml | grep . || echo $(name)))
	@ls build/wheels

# OPTIONS: papermill's, such as '-p k 500'; the notebook names the parameters. -r: a path is text, even one like 123.
own: env  ## choose samples from DATA=path, images or embeddings (notebook 12); writes a folder in figures/own
	@mkdir -p build
	@$(RUN) -m papermill notebooks/12_your_own_data.ipynb build/12_your_own_data.ipynb --no-progress-bar --log-output \
	    -r path "$(DATA)" -p figures figures -p progress lines $(OPTIONS) \
	    2> >(grep -vE "$(NOTES)|^(Executing|Ending) Cell|^(Input|Output) Notebook|^<Figure|^$$" >&2)

# FRESH=1 trains a sample of the runs again. Without PROFILE: all that are committed.
verify: env  ## check every reported number against the records; FRESH=1 PROFILE=cpu DATA=path: and train some again
	@$(RUN) -m paperlib.verify $(if $(FRESH),"$(PROFILE)" --fresh "$(DATA)",$(NAMED)) 2> >(grep -vE "$(NOTES)" >&2)

report: env  ## render the executed notebooks and the claims into one site, build/report/PROFILE; trains nothing
	@$(RUN) -m paperlib.report "$(PROFILE)"

test: env  ## pytest, then nbval over all notebooks
	$(RUN) -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile
	$(RUN) -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout=900 -p no:cacheprovider notebooks

# The peers need packages that nothing else does, so they have an environment of their own. TOPICS: see the module.
bench: env $(PEERS)/.ready  ## measure ours against Keras, PyTorch, C++ and apricot; writes figures/bench
	$(RUN) -m benchmarks figures/bench $(PEERS)/bin/python $(TOPICS) 2> >(grep -vE "$(NOTES)" >&2)

$(PEERS)/.ready: benchmarks/requirements.txt
	$(RUN) -m venv --clear $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/requirements.txt
	@touch $@

readme: env  ## write the tables in README.md anew from the committed records
	$(RUN) -m paperlib.readme README.md 2> >(grep -vE "$(NOTES)" >&2)

lab: env  ## open JupyterLab on the notebooks
	$(RUN) -m jupyter lab --notebook-dir=notebooks

clean:  ## remove the environment and what `make figures` wrote in the quick profile
	rm -rf $(VENV) build figures/quick
