"""What is given to `make` is data: it arrives as it was written, and no part of it is run."""

import os
import re
import shutil
import subprocess

import pytest

from .conftest import ROOT

HOSTILE = {
    "a path with a dollar": "price $5/pics",
    "backticks": "`touch planted`",
    "a substitution": "$(touch planted)",
    "make's shell": "$(shell touch planted)",
    "make's shell in braces": "${shell touch planted}",
    "make's eval": "$(eval $(shell touch planted))",
    "double dollars": "$$(touch planted)",
    "single quotes": "'; touch planted; '",
    "double quotes": '"; touch planted; "',
    "a pipe": "x | touch planted",
    "the end of a line": "x\ntouch planted\n",
    "a comment": "a#b",
    "a backslash": "a\\",
    "spaces": "a  b ",
    "a pattern": "* ?",
    "an option": "--help",
    "letters": "ü 猫 €",
}
WHOLE = ("PROFILE", "DATA", "SCHEDULER", "RUN", "MINUTES", "PLAN", "FRESH")
LISTS = ("NOTEBOOKS", "OPTIONS", "LACKS", "TOPICS")
TARGETS = ("own", "figures", "records", "verify", "report", "wheels", "bench", "test", "lab")
TARGETS += ("readme", "predictions", "scales")
# Instead of Python: it writes down what it is called with, and in which environment.
STUB = """#!/bin/sh
{ printf '%s\\0' "$@"; printf '\\1'; env -0; printf '\\2'; } >> called
"""


@pytest.fixture
def place(tmp_path):
    for name in ("Makefile", "environment.yml", "pyproject.toml", "benchmarks/requirements.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "build" / "peers").mkdir(parents=True)
    (tmp_path / "build" / "peers" / ".ready").touch()
    (tmp_path / "stub").write_text(STUB)
    (tmp_path / "stub").chmod(0o755)
    return tmp_path


def make(place, *arguments, **environment):
    """What make printed, and of each call of Python its arguments and its environment."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        ["make", *arguments], cwd=place, env={**clean, **environment}, capture_output=True, timeout=60
    )
    called = place / "called"
    calls = []
    for call in called.read_bytes().decode().split("\2")[:-1] if called.exists() else ():
        given, variables = call.split("\1")
        calls.append((given.split("\0")[:-1], dict(each.split("=", 1) for each in variables.split("\0") if each)))
    called.unlink(missing_ok=True)
    return done, calls


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("by", ["the command line", "the environment"])
def test_what_is_given_arrives_and_is_not_run(place, value, by):
    settings = dict.fromkeys((*WHOLE, *LISTS), value)
    before = set(place.rglob("*"))
    if by == "the command line":
        done, calls = make(place, "-k", *TARGETS, "VENV=", "PYTHON=./stub", *(f"{n}={v}" for n, v in settings.items()))
        value = value.lstrip()  # make's own rule for what is set there
    else:
        done, calls = make(place, "-k", *TARGETS, VENV="", PYTHON="./stub", **settings)
    assert not [path for path in place.rglob("*") if path.name == "planted"], done.stderr
    assert {path.relative_to(place).as_posix() for path in place.rglob("*")} - {
        path.relative_to(place).as_posix() for path in before
    } <= {"build/wheels"}
    modules = {given[1]: (given, variables) for given, variables in reversed(calls)}  # the first call of each
    assert set(modules) >= {
        "paperlib.pages.notebooks", "paperlib.study.recording", "paperlib.pages.verify", "paperlib.pages.report",
        "paperlib.pages.readme", "paperlib.pages.predictions", "paperlib.pages.scales", "papermill", "pip",
        "benchmarks", "pytest", "jupyter",
    }  # fmt: skip
    for _, variables in modules.values():
        assert {name: variables[name] for name in settings} == dict.fromkeys(settings, value)
    words = value.split()
    assert modules["paperlib.pages.notebooks"][0][2:] == ["--", value, value, *words]
    assert modules["paperlib.pages.notebooks"][1]["DASK_SCHEDULER_ADDRESS"] == value
    recording = [f"--data={value}", f"--minutes={value}", "--plan", "--", value]
    assert modules["paperlib.study.recording"][0][2:] == recording
    verified = [f"--data={value}", f"--run={value}", "--fresh", f"--minutes={value}", "--", value]
    assert modules["paperlib.pages.verify"][0][2:] == verified
    assert modules["paperlib.pages.report"][0][2:] == ["--", value]
    papermill = modules["papermill"][0]
    assert papermill[papermill.index("-r") : papermill.index("-r") + 3] == ["-r", "path", value]
    assert papermill[papermill.index("lines") + 1 :] == words
    assert modules["pip"][0][-len(words) - 1 :] == ["--", *words]
    assert modules["benchmarks"][0][4:] == words


@pytest.mark.parametrize("value", [value for value in HOSTILE.values() if "planted" in value])
@pytest.mark.parametrize("name", ["VENV", "PEERS", "PYTHON", "NOTES", "INTERPRETER", "ANYTHING"])
def test_nor_is_what_names_programs_and_folders(place, name, value):
    done, _ = make(
        place, "-k", "report", "bench", "clean", *({"VENV=", "PYTHON=./stub"} - {f"{name}="}), f"{name}={value}"
    )
    assert not list(place.rglob("planted")), done.stderr
    done, _ = make(place, "-k", "report", "bench", "clean", **{"VENV": "", "PYTHON": "./stub", name: value})
    assert not list(place.rglob("planted")), done.stderr
    if name in ("VENV", "PEERS"):
        assert done.returncode and f"{name} is " in done.stderr.decode() and "path without" in done.stderr.decode()


def test_recipes_name_no_setting_that_make_would_write_into_a_command():
    recipes = "".join(line for line in (ROOT / "Makefile").read_text().splitlines(True) if line.startswith("\t"))
    single = re.findall(r"(?<!\$)\$(?!\$)\S*", recipes.replace("$$", ""))
    # These write no value, but say if there is one.
    minutes = ["$(if", '$(MINUTES),"--minutes=MINUTES")']
    assert single == [*minutes, "$(if", "$(PLAN),--plan)", "$(if", "$(FRESH),--fresh)", *minutes]


def test_an_empty_path_is_no_choice_of_digits(place):
    for given, environment in ((["DATA="], {}), ([], {"DATA": ""})):
        done, calls = make(place, "own", "VENV=", "PYTHON=./stub", *given, **environment)
        assert done.returncode and not calls and b"DATA is empty: give the path to your samples" in done.stderr
    done, calls = make(place, "own", "VENV=", "PYTHON=./stub")
    assert not done.returncode and calls[0][0][6:10] == ["-r", "path", "", "-p"]


def test_verify_takes_the_committed_profiles_unless_one_is_named(place):
    for given, expected in (([], ["--", ""]), (["PROFILE=cpu"], ["--", "cpu"])):
        _, [(arguments, _)] = make(place, "verify", "VENV=", "PYTHON=./stub", *given)
        assert arguments[2:] == ["--data=", "--run=", *expected]
    _, [(arguments, _)] = make(place, "figures", "VENV=", "PYTHON=./stub")
    assert arguments[2:] == ["--", "quick", ""]


def test_clean_removes_only_an_environment(place):
    for name in ("mine", "made"):
        (place / name).mkdir()
    (place / "made" / "pyvenv.cfg").touch()
    for name in ("mine", "made"):
        assert not make(place, "clean", f"VENV={name}")[0].returncode
    assert (place / "mine").exists() and not (place / "made").exists() and not (place / "build").exists()


def test_jupyterlab_opens_for_root_too(place):
    _, [(arguments, _)] = make(place, "lab", "VENV=", "PYTHON=./stub")
    flag = [] if os.getuid() else ["--allow-root"]
    assert arguments == ["-m", "jupyter", "lab", "--notebook-dir=notebooks", *flag]
