import subprocess
import sys

import nbformat
import papermill
import pytest

from paperlib.figures import stamps
from paperlib.pages import notebooks
from paperlib.pages.notebooks import run
from paperlib.study import recording

from .conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_they_are_numbered_without_gaps():
    assert [int(path.name[:2]) for path in NOTEBOOKS] == list(range(len(NOTEBOOKS)))


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
        ("average", "best", "parameter average is 'best': choose from 'warmup', 'constant', 'raw'"),
    ],
)
def test_a_wrong_parameter_stops_a_notebook_before_any_training(tmp_path, parameter, value, message):
    command = [sys.executable, "-m", "papermill", "notebooks/04_split_accuracies.ipynb", tmp_path / "out.ipynb"]
    options = ["--no-progress-bar", "-p", "figures", tmp_path, "-p", "progress", "none", "-p", parameter, value]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode and message in done.stderr
    assert not list(tmp_path.glob("*/records/*.json"))


def test_headless_refuses_an_unknown_profile_and_makes_no_folder(tmp_path):
    with pytest.raises(ValueError, match="unknown profile 'fast'"):
        run("fast", root=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def all_on_record(monkeypatch):
    """As if nothing were left to train, which takes minutes: tests/study/test_recording.py is about that."""
    asked = []
    monkeypatch.setattr(recording, "record", lambda *arguments: asked.append(arguments))
    return asked


def _notebooks(folder, **codes):
    (folder / "notebooks").mkdir(parents=True)
    for name, code in codes.items():
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
        parameters = nbformat.v4.new_code_cell("profile = ''", metadata={"tags": ["parameters"]})
        notebook.cells = [parameters, nbformat.v4.new_code_cell(code)]
        nbformat.write(notebook, folder / "notebooks" / f"{name.lstrip('_')}.ipynb")


def test_headless_runs_the_notebooks_that_are_named(tmp_path, all_on_record):
    _notebooks(tmp_path, _01_left="1 / 0", _02_named="print(1)")
    run("quick", "", "02", root=tmp_path)
    [(setting, dataset, folder)] = all_on_record  # asked for before the notebooks are executed
    assert (setting.name, dataset.name, folder) == ("quick", "digits", tmp_path / "figures" / "quick" / "records")
    assert [path.name for path in (tmp_path / "figures" / "quick" / "notebooks").iterdir()] == ["02_named.ipynb"]
    with pytest.raises(ValueError, match="no notebook's name begins with 03: there are 01_left, 02_named"):
        run("quick", "", "02", "03", root=tmp_path)


def test_headless_writes_digests_of_what_it_made_alone(tmp_path, all_on_record):
    _notebooks(tmp_path, _01_draws="open('figures/quick/a.csv', 'w').write('1')", _02_named="print(1)")
    (tmp_path / "figures" / "quick").mkdir(parents=True)
    (tmp_path / "figures" / "quick" / "by_hand.csv").touch()
    folder = tmp_path / "figures" / "quick"
    run("quick", "", root=tmp_path)
    assert list(stamps.changed(folder)) == [f"{folder}/by_hand.csv: not among what was made"]
    (folder / "a.csv").write_text("2")
    run("quick", "", "02", root=tmp_path)
    assert f"{folder}/a.csv: changed since it was made" in list(stamps.changed(folder))


def test_headless_does_not_begin_further_notebooks_once_it_is_interrupted(tmp_path, all_on_record, monkeypatch):
    _notebooks(tmp_path, **{f"_{number:02}_ran": f"open('ran{number}', 'w').close()" for number in range(1, 9)})

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(notebooks, "as_completed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run("quick", root=tmp_path)
    assert len(list(tmp_path.glob("ran*"))) < 8


def test_headless_executes_nothing_twice_and_still_knows_what_it_made(tmp_path, all_on_record, capsys):
    _notebooks(tmp_path, _01_draws="open('figures/quick/a.csv', 'w').write('1')", _02_more="print(2)")
    run("quick", root=tmp_path)
    executed = tmp_path / "figures" / "quick" / "notebooks" / "01_draws.ipynb"
    before = executed.stat().st_mtime_ns
    run("quick", root=tmp_path)
    assert "2 of 2 notebooks are up to date" in capsys.readouterr().out
    assert executed.stat().st_mtime_ns == before
    assert list(stamps.changed(tmp_path / "figures" / "quick")) == []
    (tmp_path / "notebooks" / "02_more.ipynb").unlink()
    _notebooks(tmp_path / "other", _02_more="print(3)")
    (tmp_path / "other" / "notebooks" / "02_more.ipynb").rename(tmp_path / "notebooks" / "02_more.ipynb")
    run("quick", root=tmp_path)
    assert "1 of 2 notebooks are up to date" in capsys.readouterr().out
    assert executed.stat().st_mtime_ns == before
    assert list(stamps.changed(tmp_path / "figures" / "quick")) == []


def test_headless_refuses_a_scheduler_that_is_not_there_before_anything_runs(tmp_path, monkeypatch):
    _notebooks(tmp_path, _01_left="1 / 0")
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "127.0.0.1")
    with pytest.raises(OSError, match="SCHEDULER is '127.0.0.1', which is no address"):
        run("quick", root=tmp_path)
    assert not (tmp_path / "figures").exists()


def test_headless_keeps_what_was_done_before_a_notebook_failed(tmp_path, all_on_record):
    _notebooks(tmp_path, _01_good="print(profile)", _02_bad="1 / 0")
    with pytest.raises(papermill.PapermillExecutionError, match="ZeroDivisionError"):
        run("quick", root=tmp_path)
    done = tmp_path / "figures" / "quick" / "notebooks"
    assert [path.name for path in done.iterdir()] == ["01_good.ipynb"]
    given, printed = nbformat.read(done / "01_good.ipynb", as_version=4).cells[-2:]
    assert given.source == '# Parameters\nprofile = "quick"\n'  # only parameters that the notebook has
    assert printed.outputs[0].text == "quick\n"


def test_conclusions_of_another_profile_are_told_apart(tmp_path, all_on_record):
    _notebooks(tmp_path, _01_concludes="print(profile)")
    path = tmp_path / "notebooks" / "01_concludes.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_markdown_cell("**What it shows** (profile `cpu`): much."))
    nbformat.write(notebook, path)
    run("quick", root=tmp_path)
    executed = nbformat.read(tmp_path / "figures" / "quick" / "notebooks" / "01_concludes.ipynb", as_version=4)
    note, conclusion = executed.cells[-1].source.split("\n\n")
    assert note.startswith("*This page shows profile `quick`.") and "of profile `cpu`" in note
    assert conclusion == "**What it shows** (profile `cpu`): much."
