"""What `import paperlib` gives, each time in a fresh process: imports cannot be taken back."""

import os
import subprocess
import sys

import pytest

from .conftest import ROOT


def _printed(code, **environment):
    """What a fresh interpreter prints; a variable given as None is unset there."""
    variables = {name: value for name, value in {**os.environ, **environment}.items() if value is not None}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=variables)
    assert not done.returncode, done.stderr
    return done.stdout.split()


def test_the_method_is_importable_in_one_line():
    code = "from paperlib import *; print(load.__module__, train_autoencoder.__module__, embed.__module__)"
    assert _printed(code) == ["paperlib.data", "paperlib.training.autoencoder", "paperlib.training.prediction"]


def test_selection_needs_no_keras():
    code = (
        "import sys; from paperlib import load, select; import paperlib.selection as s; "
        "print(select is s.select, {'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules))"
    )
    assert _printed(code) == ["True", "set()"]


def test_verifying_needs_no_keras():
    """It takes seconds to import, and records are read without it."""
    assert _printed("import sys, paperlib.pages.verify; print({'keras', 'tensorflow'} & set(sys.modules))") == ["set()"]


def test_its_names_are_listed_and_others_are_refused():
    import paperlib

    assert set(paperlib.__all__) <= set(dir(paperlib))
    with pytest.raises(AttributeError, match="module 'paperlib' has no attribute 'train'"):
        paperlib.train  # noqa: B018


@pytest.mark.parametrize(("before", "after"), [(None, "1"), ("0", "0")])
def test_onednn_is_switched_on_unless_somebody_decided(before, after):
    code = "import os, paperlib; print(os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    assert _printed(code, TF_ENABLE_ONEDNN_OPTS=before) == [after]


def test_every_source_file_is_linted():
    """An excluded folder of one name excludes all folders of that name."""
    command = [sys.executable, "-m", "ruff", "check", "--show-files", "."]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    written = [*ROOT.glob("notebooks/*.ipynb")]
    for folder in ("paperlib", "tests", "benchmarks"):
        written += ROOT.glob(f"{folder}/**/*.py")
    assert len(written) > 250 and {str(path) for path in written} <= set(listed)
