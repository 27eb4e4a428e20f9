import re
from importlib.metadata import version

import yaml
from packaging.requirements import Requirement

from paperlib import environment
from paperlib.analysis import tables
from paperlib.environment import _code_digest

from .conftest import ROOT

PINS = [
    line for line in yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"][-1]["pip"] if line[0] != "-"
]


def test_every_package_is_pinned_once_and_installed_in_that_version():
    applicable = [pin for pin in map(Requirement, PINS) if not pin.marker or pin.marker.evaluate()]
    assert len({pin.name for pin in applicable}) == len(applicable) > 10
    for pin in applicable:
        assert [part.operator for part in pin.specifier] == ["=="], f"{pin} is not pinned"
        assert pin.specifier.contains(version(pin.name)), f"{pin}, but {version(pin.name)} is installed"


def test_make_installs_the_same_lines_as_conda():
    text = (ROOT / "environment.yml").read_text()
    assert [line for line in re.findall(r"^      - (.*)$", text, re.MULTILINE) if line[0] != "-"] == PINS
    assert "s/^      - //p" in (ROOT / "Makefile").read_text()


def test_no_pin_is_written_twice():
    assert not re.search(r"\"[\w\[\]-]+==", (ROOT / "pyproject.toml").read_text())


def test_the_digest_of_the_code_covers_modules_in_folders(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "a.py").write_text("one")
    (tmp_path / "package" / "b.py").write_text("two")
    before = _code_digest(tmp_path)
    assert _code_digest(tmp_path) == before
    (tmp_path / "package" / "b.py").write_text("three")
    changed = _code_digest(tmp_path)
    (tmp_path / "package" / "b.py").rename(tmp_path / "b.py")
    assert len({before, changed, _code_digest(tmp_path)}) == 3


def test_every_folder_of_the_package_is_installed():
    folders = {file.parent for file in (ROOT / "paperlib").rglob("*.py")}
    assert all((folder / "__init__.py").exists() for folder in folders)  # else setuptools passes it over
    assert 'include = ["paperlib*"]' in (ROOT / "pyproject.toml").read_text()


def test_a_run_that_went_on_elsewhere_was_computed_in_several_environments():
    whole = {"device": "B", "code": "2", "cores": 2, "python": "3.12"}
    begun = {"device": "A", "code": "1", "cores": 4}
    pieces = [{**begun, "step": 0}, {**begun, "step": 300}, {"device": "B", "code": "2", "cores": 2, "step": 600}]
    moved = {"environment": {**whole, "pieces": pieces}, "precision": "bfloat16"}
    stayed = {"environment": whole, "precision": "bfloat16"}
    assert environment.of_record(stayed) == [whole]
    assert environment.of_record(moved) == [{**whole, **begun}, whole]
    assert environment.devices([stayed, moved]) == "A and B"
    found = tables.machines([stayed, moved]).set_index("device")
    assert found["records"].to_dict() == {"A": 1, "B": 2} and found.loc["A", "python"] == "3.12"
