"""Every example in a docstring comes out as it says."""

import doctest
import importlib

import pytest

from .conftest import ROOT

NAMES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "paperlib").rglob("*.py"))
    if ">>> " in path.read_text()
]


@pytest.mark.parametrize("name", NAMES)
def test_examples(name):
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried and not failed


def test_what_a_reader_calls_first_has_examples():
    assert {"paperlib.models", "paperlib.selection", "paperlib.training.classifier"} <= set(NAMES)
