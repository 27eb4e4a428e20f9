import shutil
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path

import numpy as np
import pytest

from paperlib import study
from paperlib.checkpoints import Interrupted
from paperlib.pages import again, repeated
from paperlib.progress import Progress
from paperlib.storage import records
from paperlib.storage.digests import content_hash
from paperlib.study import plans, profiles
from paperlib.study.runs import selection_of


@pytest.fixture(scope="module")
def small():
    """A profile that trains for seconds, under the name of quick."""
    sizes = dict(autoencoder_steps=3, steps=6, batch=16, runs_at_split={0.0: 2, 1.0: 1}, baseline_seeds=(0,))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(profiles.PROFILES, "quick", replace(profiles.profile("quick"), **sizes, budget_seeds=(0,)))
        yield profiles.profile("quick")


@pytest.fixture(scope="module")
def study_of(small, digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    study.execute(plans.split_runs(small, digits), digits, folder, Progress("none"))
    return folder


@pytest.fixture
def recorded(study_of, tmp_path):
    """The records of a small study, in tmp_path/figures/quick/records."""
    return Path(shutil.copytree(study_of, tmp_path / "figures" / "quick" / "records"))


def test_fresh_runs_are_the_same_bits_on_the_same_machine(recorded, tmp_path, silent, capsys):
    folder = recorded
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    left = tmp_path / "build" / "verify" / "quick"  # what an interrupted call might have left, and somebody altered
    left.mkdir(parents=True)
    for path in folder.glob("classifier-*.json"):
        record = records.read(path)
        record["result"]["test"]["warmup"]["accuracy"] = 0.0
        records.write(left / path.name, record)
    compared = again.fresh("quick", tmp_path, "digits", silent)
    assert compared["outcome"].tolist() == ["the same bits"] * 3 and (compared["difference"] == 0).all()
    assert "3 of its runs are trained again: about 0 minutes" in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert list((tmp_path / "build" / "verify").iterdir()) == [left]


def test_any_run_can_be_trained_again(recorded, small, digits, tmp_path, silent):
    folder = recorded
    of_a_method = next(run for run in plans.method_runs(small, digits) if run.selection == "k_center")
    autoencoder, clocked = plans.autoencoder_run(small, digits), plans.budget_runs(small, digits)[1]
    runs = [autoencoder, clocked, selection_of(of_a_method), of_a_method]
    study.execute(runs, digits, folder, silent)
    paths = [study.record_path(run, folder) for run in runs]
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in paths:
        name, found = again.find(path.stem[-12:-4], ["cpu", "quick"], tmp_path)
        assert (name, found) == ("quick", path)
        rows = again.rerun(name, path, tmp_path, "", silent)
        assert set(rows["outcome"]) == {"the same bits"} and "run.seed" in set(rows["what"])
        assert repeated.in_words(rows).startswith("The same bits: run, hash, precision, result")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_run_is_trained_again_in_pieces(recorded, tmp_path, silent, monkeypatch):
    path = next(recorded.glob("classifier-random-*.json"))
    kept = tmp_path / "build" / "verify" / path.stem
    with monkeypatch.context() as patch, pytest.raises(Interrupted) as stopped:
        times_up = chain([False] * 3, repeat(True))
        patch.setattr(again.interruption, "after", lambda minutes: lambda: next(times_up))
        again.rerun("quick", path, tmp_path, "", silent, minutes=1)
    assert stopped.value.saved and sum(stopped.value.position) > 0 and list(kept.glob("checkpoints/*"))
    forged = records.read(path)
    forged["result"]["test"]["warmup"]["accuracy"] = 0.0
    records.write(kept / path.name, forged)  # is not taken for what came out
    assert set(again.rerun("quick", path, tmp_path, "", silent, minutes=9)["outcome"]) == {"the same bits"}
    assert not kept.exists()


def test_a_forged_run_does_not_come_out_again(recorded, tmp_path, silent):
    folder = recorded
    path = next(folder.glob("classifier-random-*.json"))
    record = records.read(path)
    record["result"]["test"]["warmup"]["accuracy"] += 0.5
    record["result"]["subset"]["size"] += 1
    path.unlink()
    records.write(path, record)
    rows = again.rerun("quick", path, tmp_path, "", silent).set_index("what")
    forged = rows.loc["result.test.warmup.accuracy"]
    assert forged["difference"] == pytest.approx(-50) and 0 < forged["tolerance"] < 50
    assert forged["outcome"] == rows.loc["result.subset.size", "outcome"] == "DIFFERS"
    assert (rows["outcome"] != "the same bits").sum() == 2
    assert "result.test.warmup.accuracy" in repeated.in_words(rows.reset_index()).partition("Not the same:")[2]


def test_a_record_is_found_by_its_name_or_how_its_hash_begins(tmp_path):
    folder = tmp_path / "figures" / "quick" / "records"
    folder.mkdir(parents=True)
    a, b = (folder / f"classifier-full-seed{name}.json" for name in ("0-0123456789ab", "1-0129999999ab"))
    a.touch(), b.touch()
    for which in ("0123", "0123456789ab", a.name, a.stem, f"figures/quick/records/{a.name}"):
        assert again.find(which, ["cpu", "quick"], tmp_path) == ("quick", a)
    for which, message in (
        ("012", "2 records are called so .classifier-full-seed0-0123456789ab, classifier-full-seed1"),
        ("ffff", "no record is called so"),
        ("", "no record is called so"),
        ("classifier", "no record is called so"),
    ):
        with pytest.raises(ValueError, match=f"RUN is '{which}': {message}"):
            again.find(which, ["cpu", "quick"], tmp_path)


def test_a_run_that_is_not_planned_or_of_other_data_is_told(recorded, tmp_path, silent):
    path = next(recorded.glob("classifier-full-*.json"))
    np.savez(tmp_path / "other.npz", x_train=np.zeros((2, 8, 8), np.uint8), y_train=[0, 1],
             x_test=np.zeros((2, 8, 8), np.uint8), y_test=[0, 1])  # fmt: skip
    with pytest.raises(ValueError, match="of the data set digits d79af457052facbd, but DATA is other "):
        again.rerun("quick", path, tmp_path, tmp_path / "other.npz", silent)
    record = records.read(path)
    record["run"]["seed"] = 99
    record["hash"] = content_hash(record["run"])
    other = path.with_name(f"{path.stem[:-12]}{record['hash']}.json")
    records.write(other, record)
    with pytest.raises(ValueError, match="its run is none that profile quick plans"):
        again.rerun("quick", other, tmp_path, "", silent)
