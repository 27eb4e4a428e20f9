import json
import shutil
import subprocess
import sys

import pytest

from paperlib import plans, profiles, records, study, verify

from .conftest import ROOT


@pytest.fixture
def copy(tmp_path):
    """The committed records and figures of profile cpu in a folder of their own."""
    shutil.copytree(ROOT / "figures" / "cpu", tmp_path / "figures" / "cpu")
    return tmp_path


def one(copy, pattern):
    return next((copy / "figures" / "cpu" / "records").glob(pattern))


def test_what_is_committed_is_verified():
    command = [sys.executable, "-m", "paperlib.verify"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    assert "| C6 " in done.stdout and "Verified: " in done.stdout


def test_an_altered_record_is_found(copy):
    path = one(copy, "classifier-random-k4320-split1-seed0-*.json")
    text = path.read_text()
    accuracy = json.loads(text)["result"]["test"]["warmup"]["accuracy"]
    path.write_text(text.replace(f'"warmup": {{"accuracy": {accuracy}', '"warmup": {"accuracy": 0.5'))
    assert path.read_text() != text
    table, problems = verify.checked("cpu", copy)
    assert table is None and "was altered" in problems[0] and path.name in problems[0]


def test_figures_of_other_records_are_stale(copy):
    """Also where somebody forged a record together with its digest."""
    path = one(copy, "classifier-random-k4320-split1-seed0-*.json")
    record = records.read(path)
    record["result"]["test"]["warmup"]["accuracy"] = 0.5
    path.unlink()
    records.write(path, record)
    table, problems = verify.checked("cpu", copy)
    methods = {f"methods_{by}.png" for by in ("by_size", "against_random", "by_coverage")}
    shown = {"controls.png", "fig5_split_accuracies.png", *methods}
    assert {text.split(": ")[0].rsplit("/")[-1] for text in problems} == shown
    assert table.set_index("id").loc["C5", "ours"] < 65


def test_missing_runs_and_altered_weights_and_tables_are_found(copy):
    one(copy, "classifier-random-k4320-split0.75-seed0-*.json").unlink()
    weights = one(copy, "*.npz")
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    csv = copy / "figures" / "cpu" / "fig6_fixed_budget.csv"
    csv.write_text(csv.read_text().replace("0", "1"))
    (copy / "figures" / "cpu" / "riddle.png").unlink()
    _, problems = verify.checked("cpu", copy)
    for part in ("planned, but not on record, as 1 in all", "weights of autoencoder", "not the table", "riddle.png: missing"):
        assert sum(part in text for text in problems) == 1


def test_no_records(tmp_path):
    (tmp_path / "figures" / "cpu" / "records").mkdir(parents=True)
    assert verify.checked("cpu", tmp_path) == (None, [f"{tmp_path}/figures/cpu/records: no records; make figures PROFILE=cpu"])


def test_fresh_runs_are_the_same_bits_on_the_same_machine(tiny, digits, tmp_path, silent, monkeypatch, capsys):
    monkeypatch.setitem(profiles.PROFILES, "quick", tiny)
    monkeypatch.setattr(verify, "tolerance", lambda *_: 1.0)  # two seeds a point would be needed to know it
    folder = tmp_path / "figures" / "quick" / "records"
    study.execute([run for run in plans.split_runs(tiny, digits) if run.split in (0, 1)], digits, folder, silent)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    compared = verify.fresh("quick", tmp_path, "digits", silent)
    assert compared["outcome"].tolist() == ["the same bits"] * 3 and (compared["difference"] == 0).all()
    assert "3 of its runs are trained again: about 0 minutes" in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert not (tmp_path / "build" / "verify" / "quick").exists()


def test_fresh_runs_are_compared_within_the_tolerance():
    def record(accuracy):
        return {"run": {"selection": "full", "split": 0}, "result": {"test": {"warmup": {"accuracy": accuracy}}}}

    pairs = [(record(0.50), record(accuracy)) for accuracy in (0.50, 0.515, 0.525)]
    assert verify.compared(*zip(*pairs), 2.0)["outcome"].tolist() == ["the same bits", "agrees", "DIFFERS"]


def test_the_tolerance_follows_from_the_recorded_spread(digits):
    class DataSet:
        name, fingerprint = records.data_set(records.read_all(ROOT / "figures" / "cpu" / "records"))

    points = verify.tolerance(profiles.profile("cpu"), DataSet, ROOT / "figures" / "cpu" / "records")
    assert 1 < points < 4
