import nbformat
import pytest

from paperlib.pages import pictures
from paperlib.pages.pictures import PICTURES
from paperlib.storage import records
from paperlib.storage.records import DataSet
from paperlib.study.profiles import PROFILES, profile
from paperlib.study.runs import Readings, Run, SelectionRun

from ..conftest import ROOT

DATA = DataSet("cifar10", "0123")


@pytest.fixture(scope="module")
def committed():
    folder = ROOT / "figures" / "cpu"
    return folder, records.data_set(records.read_all(folder / "records"))


@pytest.mark.parametrize("name", PICTURES)
def test_the_notebook_that_is_named_draws_the_picture(name):
    [path] = (ROOT / "notebooks").glob(f"{PICTURES[name].notebook}_*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    assert sum(f'"{name}"' in cell.source and "save(" in cell.source for cell in cells if cell.cell_type == "code") == 1


@pytest.mark.parametrize("name", PICTURES)
def test_runs_are_of_the_readings_that_are_asked_for(name):
    usual = pictures.runs(name, profile("cpu"), DATA, union_size=2_922)
    other = pictures.runs(name, profile("cpu"), DATA, Readings(feed="streamed", precision="float32"), 2_922)
    assert len(usual) == len(other) > 0
    if name != "precision":  # it shows both formats
        assert {run.precision for run in other if not isinstance(run, SelectionRun)} == {"float32"}
    classifiers = [run for run in other if isinstance(run, Run)]
    if name not in ("cost", "break_even"):  # they show both feeds
        assert {run.feed for run in classifiers} <= {"streamed"}


@pytest.mark.parametrize("name", ["fig6_fixed_budget", "fig7_loss_curves"])
def test_where_no_clock_ends_runs_they_are_cut_off(name):
    for size in PROFILES.values():
        runs = pictures.runs(name, size, DATA)
        arms = {(run.selection, run.split) for run in runs}
        assert {("full", 0.0), ("top_activations", 0.5)} <= arms and {run.split for run in runs} == {0.0, 0.5}
        if size.budget_seeds:
            assert all(run.time_share == 0.5707 and not run.stop for run in runs)
        else:
            assert {run.stop for run in runs} == {5_707} and not any(run.time_share for run in runs)
        assert (10 * size.k in {run.k for run in runs}) == (name == "fig7_loss_curves")


def test_a_profile_has_the_pictures_of_its_notebooks():
    assert pictures.shown(profile("quick")) == list(PICTURES)
    papers = ["fig4_reconstructions", "fig5_split_accuracies", "fig6_fixed_budget", "fig7_loss_curves"]
    for larger in ("steps", "paper"):
        assert pictures.shown(profile(larger)) == [*papers, "learning_curves", "controls"]


def test_controls_are_as_many_as_the_recorded_union(committed, tmp_path):
    folder, dataset = committed
    size = pictures.union_size(profile("cpu"), dataset, folder / "records")
    assert 216 < size < 4_320 and pictures.union_size(profile("cpu"), dataset, tmp_path) is None
    shown = pictures.on_record("controls", profile("cpu"), dataset, folder)
    assert size in {record["run"]["k"] for record in shown if record["run"]["selection"] == "random"}
    assert {record["run"]["split"] for record in shown} == {0.0, 0.9, 0.95, 1.0}


def test_the_riddle_shows_the_sessions_too(committed):
    folder, dataset = committed
    kinds = {record["run"]["kind"] for record in pictures.on_record("riddle", profile("cpu"), dataset, folder)}
    assert kinds == {"Run", "StaleCheckpoint"}
