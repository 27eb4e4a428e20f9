"""What runs under TensorFlow runs under JAX, where there is no TensorFlow, and comes to the same."""

import ast
import importlib.util
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from .conftest import ROOT
from .first_steps import error

_WITHOUT_TENSORFLOW = """
import importlib.abc
import runpy
import sys

class NoTensorFlow(importlib.abc.MetaPathFinder):  # as on a machine that has none
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] == "tensorflow":
            raise ModuleNotFoundError("there is no TensorFlow here")

sys.meta_path.insert(0, NoTensorFlow())
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""

# Of `training/test_training.py`: what goes another way under JAX.
_TRAININGS = (
    "test_the_phase_changes_at_the_share_of_the_steps[0.75-6]",
    "test_runs_with_a_common_beginning_are_what_each_is_alone[ends0-22]",
    "test_a_process_that_trains_again_and_again_does_not_keep_the_images",
    "test_a_time_budget_ends_the_run_and_its_steps_repeat_it",
    "test_autoencoder_learns_and_repeats",
)


@pytest.fixture
def on_jax(tmp_path):
    """Runs a module under JAX, as `python -m`; returns what it printed."""
    if not importlib.util.find_spec("jax"):
        pytest.skip("jax is not installed: pip install 'paperlib[jax]'")
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_COMPILATION_CACHE_DIR": str(tmp_path)}

    return lambda *arguments: _printed("-c", _WITHOUT_TENSORFLOW, *arguments, env=environment)


def _python(*arguments):
    return _printed("-m", *arguments, env={**os.environ, "KERAS_BACKEND": "tensorflow"})


def _printed(*arguments, env):
    done = subprocess.run([sys.executable, *arguments], env=env, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_trainings_on_jax(on_jax):
    named = [f"tests/training/test_training.py::{name}" for name in _TRAININGS]  # an unknown one is an error
    printed = on_jax("pytest", "-p", "no:cacheprovider", "tests/on_jax.py", "tests/training/test_loop.py", *named)
    assert " passed" in printed and "failed" not in printed and "skipped" not in printed


def test_first_steps_agree(on_jax):
    """JAX' float32 is about as near to float64 as TensorFlow's is."""
    options = ("digits", "128", "0.001")  # with the paper's rate, errors grow to percents on these few pixels
    usual, exact = json.loads(_python("tests.first_steps", *options, "float32", "float64")).values()
    found = json.loads(on_jax("tests.first_steps", *options, "float32"))["float32"]
    assert [of["environment"]["backend"].split()[0] for of in (found, usual, exact)] == [
        "jax",
        "tensorflow",
        "tensorflow",
    ]
    assert error(found, usual, exact) < 5
    assert np.allclose(usual["losses"], exact["losses"], atol=0.005)  # they fall from 3.2 to 2.1


def test_errors_are_multiples_of_the_usual_ones():
    exact, usual = dict(losses=[3.0, 2.0], norms=[5.0]), dict(losses=[3.0, 2.01], norms=[5.0])
    assert error(exact, usual, exact) == 0 and error(usual, usual, exact) == pytest.approx(1)
    assert error(dict(losses=[3.0, 2.1], norms=[5.0]), usual, exact) == pytest.approx(10)
    assert error(dict(losses=[3.0, 2.0], norms=[5 * (1 + 3 * 2**-23)]), usual, exact) == pytest.approx(3)


def test_tensorflow_is_imported_for_its_kernels_and_its_training_session_alone():
    found = {file.name for file in (ROOT / "paperlib").rglob("*.py") if "tensorflow" in _imported(file.read_text())}
    assert found == {"kernels.py", "tutorial_session.py", "stale_checkpoint.py"}


def _imported(source):
    """The packages that a module's code imports anywhere."""
    nodes = list(ast.walk(ast.parse(source)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {name.split(".")[0] for name in names}
