import subprocess
import sys

import nbformat
import pytest

from .conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_they_are_numbered_without_gaps():
    assert [int(path.name[:2]) for path in NOTEBOOKS] == list(range(1, len(NOTEBOOKS) + 1))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_form(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert cells[0].metadata.tags == ["parameters"]
    assert "parameters.check(globals()" in cells[1].source
    for cell in cells:
        assert len(cell.source.splitlines()) <= 20
        checked = "NBVAL_CHECK_OUTPUT" in cell.source
        assert bool(cell.outputs) == checked  # other outputs go stale unseen
        assert (cell.execution_count is not None) == checked  # nbval skips cells that were not run


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        ("profil", "cpu", "unknown parameter profil; this notebook has profile"),
        ("overlap", "both", "overlap is 'both': choose from"),
        ("profile", "fast", "unknown profile 'fast': choose from quick, cpu, paper"),
        ("average", "1", "parameter average is 1, a int"),
        ("average", "best", "parameter average is 'best': choose from 'warmup', 'constant', 'raw'"),
    ],
)
def test_a_wrong_parameter_stops_a_notebook_before_any_training(tmp_path, parameter, value, message):
    command = [sys.executable, "-m", "papermill", "notebooks/04_split_accuracies.ipynb", tmp_path / "out.ipynb"]
    options = ["--no-progress-bar", "-p", "figures", tmp_path, "-p", "progress", "none", "-p", parameter, value]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode and message in done.stderr
    assert not list(tmp_path.glob("*/records/*.json"))
