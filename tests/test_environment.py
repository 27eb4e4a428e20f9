import re
from importlib.metadata import version

import yaml
from packaging.requirements import Requirement

from .conftest import ROOT

PINS = [line for line in yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"][-1]["pip"] if line[0] != "-"]


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
