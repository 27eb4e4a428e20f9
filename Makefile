# `make help` lists what there is. Settings: PROFILE (quick, cpu, steps, paper), DATA (see paperlib.data.load), NOTEBOOKS
# (what their names begin with, such as "04 05"; all unless given), PYTHON, VENV (where the environment is; VENV= takes
# PYTHON, python3 unless named, with what is installed there), SCHEDULER (the address of a dask scheduler, whose workers
# then train what no clock measures; see paperlib.study.workers), FRESH and RUN (see verify).

SHELL := /bin/bash
# What was given, if anything: a setting that is given and empty is not one that was left out.
NAMED := $(value PROFILE)
DATA_FROM := $(origin DATA)
PROFILE ?= quick
VENV ?= .venv
PEERS ?= build/peers
LACKS ?= keras namex optree apricot-select
# TensorFlow's notes on how it was built, which it prints at any log level. Where paperlib is imported first, it sees to
# that itself (paperlib/quiet.py).
NOTES := absl::InitializeLog|oneDNN custom operations

# Settings are data, and neither make nor a shell runs what is in them. Make would expand `$(shell ...)` in a value: so
# each is taken as it was written, and so is everything else that the command line sets. A shell would run `...` and
# $(...): so recipes get settings from the environment, as "$$DATA", and never have make write them into a command.
# Nothing can be done about the names of variables, which make expands before it reads this file, nor about settings of
# make itself (SHELL, MAKEFLAGS, MAKEFILES, --eval): who can choose those can run commands anyway.
SETTINGS := PROFILE DATA OPTIONS SCHEDULER NOTEBOOKS VENV PYTHON PEERS LACKS FRESH RUN MINUTES PLAN TOPICS NAMED DATA_FROM NOTES
GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
$(foreach name,$(SETTINGS) $(GIVEN),$(eval override export $(name) := $$(value $(name))))

# These two are parts of targets' names, where a ; or a : would mean something to make.
UNFIT := ; : , & | < > ( ) { } [ ] * ? ! % = ~ ` ' " \ $$ \#
$(foreach name,VENV PEERS,$(foreach character,$(UNFIT),$(if $(findstring $(character),$($(name))),\
    $(error $(name) is $($(name)): a path without spaces and without any of $(UNFIT) is needed))))
$(foreach name,VENV PEERS,$(if $(word 2,$($(name))),$(error $(name) is $($(name)): a path without spaces is needed)))
READY := $(if $(VENV),$(VENV)/.ready)
override export INTERPRETER := $(if $(VENV),$(VENV)/bin/python,$(or $(PYTHON),python3))

export TF_CPP_MIN_LOG_LEVEL ?= 2
# Under JAX every run compiles its steps: what another one has compiled, in this process or before, is found there.
export JAX_COMPILATION_CACHE_DIR ?= $(CURDIR)/build/jax
export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS ?= 0
export PYDEVD_DISABLE_FILE_VALIDATION = 1
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help env figures records wheels wheel own verify report lint test bench predictions scales readme lab clean

help:  ## this list
	@echo "make TARGET [PROFILE=quick|cpu|steps|paper] [DATA=path] [NOTEBOOKS=\"04 05\"] [SCHEDULER=tcp://host:port]"
	@sed -n 's/^\([a-z]*\):[^#]*## /  \1\t/p' Makefile | expand -t 12

env: $(READY)  ## build .venv from the pins in environment.yml

$(READY): environment.yml pyproject.toml
	@python=$$(for p in "$$PYTHON" python3 python3.12 python3.13 python3.11 python3.10; do \
	    "$$p" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo "$$p" && break; done); \
	if [ -z "$$python" ]; then \
	    echo "No Python from 3.10 to 3.13 was found; install one, or name it: make env PYTHON=path" >&2; exit 1; fi; \
	echo "Building $$VENV with $$("$$python" --version) (some minutes, once)"; \
	"$$python" -m venv --clear "$$VENV" || \
	    { echo "That Python has no venv module; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@sed -n 's/^      - //p' environment.yml > "$$VENV/requirements.txt"
	@"$$INTERPRETER" -m pip install --quiet --disable-pip-version-check --requirement "$$VENV/requirements.txt"
	@touch "$$VENV/.ready"

figures: env  ## run all notebooks headless; writes figures/PROFILE
	@[ -z "$$SCHEDULER" ] || export DASK_SCHEDULER_ADDRESS="$$SCHEDULER"; set -f; \
	"$$INTERPRETER" -m paperlib.pages.notebooks -- "$$PROFILE" "$$DATA" $$NOTEBOOKS
	@echo "Written:"; cd figures && ls -d "$$PROFILE"/*.png "$$PROFILE"/*.pdf "$$PROFILE"/*.csv "$$PROFILE"/{notebooks,records}

# It can be interrupted at any time: the run under way is saved, and the next call goes on.
records: env  ## train what is not on record; MINUTES=150: for so long; PLAN=1: print the plan and its hours alone
	@[ -z "$$SCHEDULER" ] || export DASK_SCHEDULER_ADDRESS="$$SCHEDULER"; \
	"$$INTERPRETER" -m paperlib.study.recording "--data=$$DATA" $(if $(MINUTES),"--minutes=$$MINUTES") $(if $(PLAN),--plan) \
	    -- "$$PROFILE"

# For the version of PYTHON. LACKS: what is missing there, in the versions of environment.yml if it is named in it.
wheels:  ## collect in build/wheels what a machine with JAX, but without a network, lacks; see docs/scale.md
	@rm -rf build/wheels; mkdir -p build/wheels
	@set -f; "$${PYTHON:-python3}" -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/wheels -- \
	    $$(for name in $$LACKS; do sed -n 's/^      - //p' environment.yml | sed 's/;.*//' | grep "^$$name==" || echo "$$name"; done)
	@ls build/wheels

wheel: env  ## build the package alone as build/wheel/*.whl, for pip to install elsewhere
	@rm -rf build/wheel build/lib build/bdist.*; mkdir -p build/wheel
	@"$$INTERPRETER" -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/wheel .
	@ls build/wheel

# OPTIONS: papermill's, such as '-p k 500', taken apart at spaces; the notebook names the parameters. -r: a path is text,
# even one like 123. A DATA that is given and empty is a mistake, such as a variable that is not set.
own: env  ## choose samples from DATA=path, images or embeddings (notebook 12); writes a folder in figures/own
	@[ -n "$$DATA" ] || [ "$$DATA_FROM" = undefined ] || \
	    { echo "DATA is empty: give the path to your samples, or leave DATA out to try it on scikit-learn's digits" >&2; exit 1; }
	@mkdir -p build
	@set -f; "$$INTERPRETER" -m papermill notebooks/12_your_own_data.ipynb build/12_your_own_data.ipynb --no-progress-bar \
	    --log-output -r path "$$DATA" -p figures figures -p progress lines $$OPTIONS \
	    2> >(grep -vE "$$NOTES|^(Executing|Ending) Cell|^(Input|Output) Notebook|^<Figure|^$$" >&2)

# Writes nothing that is committed; docs/verify.md says what it covers. Without PROFILE: all that are committed.
# RUN: the name of a record's file, or how its hash begins. MINUTES: train for so long; the same command goes on.
verify: env  ## check every reported number and picture; FRESH=1 DATA=path: train some runs again; RUN=hash DATA=path: that one
	@"$$INTERPRETER" -m paperlib.pages.verify "--data=$$DATA" "--run=$$RUN" $(if $(FRESH),--fresh) \
	    $(if $(MINUTES),"--minutes=$$MINUTES") -- "$$NAMED"

report: env  ## render the executed notebooks and the claims into one site, build/report/PROFILE; trains nothing
	@"$$INTERPRETER" -m paperlib.pages.report -- "$$PROFILE"

lint: env  ## ruff (faults and format) and mypy (types)
	"$$INTERPRETER" -m ruff check .
	"$$INTERPRETER" -m ruff format --check .
	"$$INTERPRETER" -m mypy

# What the notebooks show is trained before nbval, in one process: there it takes less time than in a kernel each.
test: env  ## pytest, then nbval over all notebooks
	"$$INTERPRETER" -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile
	@"$$INTERPRETER" -m paperlib.study.recording -- quick
	"$$INTERPRETER" -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile --nbval-lax --nbval-current-env --nbval-cell-timeout=900 -p no:cacheprovider notebooks

# The peers need packages that nothing else does, so they have an environment of their own. TOPICS: see the module.
bench: env $(PEERS)/.ready  ## measure ours against Keras, PyTorch, C++ and apricot; writes figures/bench
	set -f; "$$INTERPRETER" -m benchmarks figures/bench "$$PEERS/bin/python" $$TOPICS 2> >(grep -vE "$$NOTES" >&2)

$(PEERS)/.ready: benchmarks/requirements.txt
	"$$INTERPRETER" -m venv --clear "$$PEERS"
	"$$PEERS/bin/python" -m pip install --quiet --disable-pip-version-check --requirement benchmarks/requirements.txt
	@touch "$$PEERS/.ready"

# The other way around they would be none: refused once a run of profile paper on a selection of eq. 4 is on record.
predictions: env  ## write down what profile steps predicts for the paper's scale, in figures/predictions.csv
	@"$$INTERPRETER" -m paperlib.pages.predictions

scales: env  ## draw the pictures of all scales on record together; writes figures/scales
	@"$$INTERPRETER" -m paperlib.pages.scales

readme: env  ## write the tables in README.md and docs anew from the committed records
	"$$INTERPRETER" -m paperlib.pages.readme

# Jupyter refuses root without that flag, and in a container everybody is root.
lab: env  ## open JupyterLab on the notebooks
	"$$INTERPRETER" -m jupyter lab --notebook-dir=notebooks $$([ "$$(id -u)" != 0 ] || echo --allow-root)

clean:  ## remove the environment and what `make figures` wrote in the quick profile
	[ ! -e "$$VENV/pyvenv.cfg" ] || rm -rf -- "$$VENV"
	rm -rf build figures/quick
