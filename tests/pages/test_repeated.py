import json

from paperlib.pages import repeated
from paperlib.storage import records
from paperlib.study import profiles

from ..conftest import ROOT


def test_differences_are_told_beside_their_tolerance():
    def record(accuracy, loss, name="a"):
        result = {"test": {"raw": {"accuracy": accuracy, "accuracy_per_class": [accuracy, 0.5]}}, "name": name}
        return {"result": result, "history": {"loss": loss}, "times": {"total_s": accuracy}}

    rows = repeated.differences(
        record(0.5, [1.0, 2.0]), record(0.52, [1.0, 1.5], "b"), {"result.test.raw.accuracy": 3.0}
    ).set_index("what")
    assert rows["outcome"].to_dict() == {
        "result.test.raw.accuracy": "agrees",
        "result.test.raw.accuracy_per_class": "differs",
        "result.name": "differs",
        "history.loss": "differs",
    }
    assert rows["difference"].round(6).tolist()[:2] == [2.0, 2.0] and rows.loc["history.loss", "difference"] == -0.5
    assert rows.loc["result.test.raw.accuracy", ["recorded", "fresh"]].tolist() == [50.0, 52.0]
    same = repeated.differences(record(0.5, [1.0]), json.loads(json.dumps(record(0.5, [1.0]))), {})
    assert set(same["outcome"]) == {"the same bits"}
    assert repeated.in_words(same) == "The same bits: result, history."
    told = repeated.in_words(rows.reset_index())
    assert told.startswith("The same bits: nothing.\nNot the same:\n\n| what") and "| 50         | 52      | 2" in told
    phases = [{"result": {"phases": [full, 10]}} for full in (5, 6)]
    exact = repeated.differences(*phases, {"result.phases": 0.0})
    assert exact["outcome"].tolist() == ["DIFFERS"] and exact["difference"].tolist() == [1]
    gone = repeated.differences({"result": {"a": 1}}, {"result": {"b": 2}}, {})
    assert gone["what"].tolist() == ["result.a", "result.b"] and set(gone["outcome"]) == {"differs"}


def test_fresh_runs_are_compared_within_the_tolerance():
    def record(accuracy):
        return {"run": {"selection": "full", "split": 0}, "result": {"test": {"warmup": {"accuracy": accuracy}}}}

    pairs = [(record(0.50), record(accuracy)) for accuracy in (0.50, 0.515, 0.525)]
    assert repeated.compared(*zip(*pairs), 2.0)["outcome"].tolist() == ["the same bits", "agrees", "DIFFERS"]


def test_one_run_that_ends_in_a_loss_spike_leaves_the_tolerance_small():
    folder = ROOT / "figures" / "paper" / "records"
    assert 0 < repeated.tolerance(profiles.profile("paper"), records.data_set(records.read_all(folder)), folder) < 30


def test_the_tolerance_follows_from_the_recorded_spread(tmp_path):
    folder = ROOT / "figures" / "cpu" / "records"
    dataset = records.data_set(records.read_all(folder))
    assert 1 < repeated.tolerance(profiles.profile("cpu"), dataset, folder) < 4
    unknown = repeated.tolerance(profiles.profile("cpu"), dataset, tmp_path)
    assert unknown != unknown
