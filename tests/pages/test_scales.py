import pandas as pd
import pytest

from paperlib.pages import predictions, scales
from paperlib.study import plans
from paperlib.study.profiles import profile

from .test_predictions import CIFAR10, planned, recorded


def test_the_pictures_have_every_scale_on_record(tmp_path):
    recorded(tmp_path, "cpu", planned("cpu", [0, 1]))
    recorded(tmp_path, "steps", planned("steps", [0, 1]))
    predictions.write(tmp_path)
    folder = scales.draw(tmp_path)
    curves, gaps = (pd.read_csv(folder / f"{name}.csv") for name in ("learning_curves", "scaling_curve"))
    assert set(curves["profile"]) == set(gaps["profile"]) == {"cpu", "steps"}
    assert curves["samples"].max() == 10_000 * 128
    last = gaps[(gaps["profile"] == "steps") & (gaps["step"] == 10_000)]
    assert last["epochs"].item() == pytest.approx(296.3, abs=0.1)
    weights = pd.read_csv(folder / "gaps_by_weights.csv")
    assert set(weights["profile"]) == {"cpu", "steps"} and 1.0 in set(weights["split"])
    assert not list(scales.problems(tmp_path))


def test_a_run_that_is_recorded_later_makes_them_stale(tmp_path):
    recorded(tmp_path, "steps", planned("steps", [0]))
    scales.draw(tmp_path)
    later = [run for run in plans.learning_runs(profile("steps"), CIFAR10) if run.seed == 1]
    recorded(tmp_path, "steps", later)
    assert {text.split(": ")[1] for text in scales.problems(tmp_path)} == {"stale"}


def test_one_arm_alone_can_be_drawn_and_nothing_is_a_mistake(tmp_path):
    with pytest.raises(ValueError, match="no profile has records"):
        scales.draw(tmp_path)
    recorded(tmp_path, "steps", [run for run in planned("steps", [0]) if run.selection == "random"])
    scales.draw(tmp_path)
    assert pd.read_csv(tmp_path / "figures" / "scales" / "scaling_curve.csv").empty
