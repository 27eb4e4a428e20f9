import numpy as np
import pandas as pd
from matplotlib.container import ErrorbarContainer

from paperlib.figures.weights import gaps_by_weights


def test_each_kind_of_weights_has_a_panel_with_all_scales():
    rows = [
        {"profile": profile, "weights": kind, "split": split, "difference": base - split, "low": low, "high": 3.0,
         "n": n, "n_other": n}
        for profile, n, low in (("cpu", 5, -9.0), ("paper", 1, np.nan))
        for kind, base in (("warmup", -3.0), ("raw", 0.0))
        for split in (0.9, 1.0)
    ]  # fmt: skip
    figure = gaps_by_weights(pd.DataFrame(rows), "some data")
    assert [axis.get_title() for axis in figure.axes] == ["moving average, as read", "raw weights"]
    assert figure.axes[0].get_ylim()[0] < -9 and figure.axes[0].get_ylim()[1] > 3
    assert "some data" in figure.get_suptitle() and "points" in figure.axes[0].get_ylabel()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "random", "profile cpu (n = 5 + 5)", "profile paper (n = 1 + 1)"
    ]  # fmt: skip
    for axis, base in zip(figure.axes, (-3.0, 0.0)):
        assert [tick.get_text() for tick in axis.get_xticklabels()] == ["90 / 10", "100 / 0"]
        assert "%" in axis.get_xlabel()
        drawn = [c.lines[0].get_ydata().tolist() for c in axis.containers if isinstance(c, ErrorbarContainer)]
        assert drawn == [[base - 0.9, base - 1.0]] * 2


def test_an_interval_of_hundreds_of_points_leaves_the_others_readable():
    row = {"profile": "paper", "split": 1.0, "difference": 20.0, "low": -300.0, "high": 340.0, "n": 2, "n_other": 2}
    figure = gaps_by_weights(pd.DataFrame([{**row, "weights": kind} for kind in ("warmup", "raw")]), "some data")
    low, high = figure.axes[0].get_ylim()
    assert -25 < low < -15 and 20 < high < 30
