import numpy as np
import pandas as pd
import pytest
from matplotlib.container import ErrorbarContainer

from paperlib.figures.methods import methods_against_random, methods_by_coverage, methods_by_size

from .reading import NOTE, legend, said


def summary(method, k, split, accuracy, variant=False):
    return {"method": method, "variant": variant, "k": k, "split": split, "accuracy": accuracy,
            "low": accuracy - 1, "high": accuracy + 1, "n": 3}  # fmt: skip


def test_every_method_has_a_panel_with_random_in_it():
    names = ("random", "eq. 4", "k-means")
    rows = [summary(name, k, split, 60.0) for name in names for k in (10, 40) for split in (0.9, 1.0)]
    figure = methods_by_size(pd.DataFrame([*rows, summary("full set", 0, 0.0, 70.0)]), 100, NOTE)
    panels = {axis.get_title(): axis for axis in figure.axes if axis.get_visible()}
    assert set(panels) == {"eq. 4", "k-means"}
    for axis in panels.values():
        assert len([c for c in axis.containers if isinstance(c, ErrorbarContainer)]) == 4  # both, at two splits
    assert legend(figure) == ["random", "100 / 0", "90 / 10", "full set alone (n = 3)"]
    assert "n = 3" in said(figure) and "40.0 %" in said(figure) and NOTE in said(figure)


def test_methods_are_sorted_and_what_cannot_be_told_is_shaded():
    rows = [
        {"method": name, "variant": False, "k": 10, "split": split, "difference": value, "low": value - 1,
         "high": value + 1, "n": 3, "n_other": 5, "minimum detectable": 1.5}
        for name, value in (("eq. 4", -4.0), ("k-means", 1.0), ("k-center", -6.0)) for split in (0.9, 1.0)
    ]  # fmt: skip
    figure = methods_against_random(pd.DataFrame(rows), NOTE)
    axis = figure.axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["k-center", "eq. 4", "k-means"]
    assert {(bar.get_x(), bar.get_width()) for bar in axis.patches} == {(-1.5, 3.0)}
    assert any("80 % power" in label for label in legend(figure))
    assert "n = 3; 5 of random" in said(figure) and "points" in said(figure) and NOTE in said(figure)


@pytest.mark.parametrize("draw", [methods_by_size, methods_against_random])
def test_single_runs_are_drawn_without_intervals(draw):
    nan = float("nan")
    rows = [{**summary(name, 10, split, 60.0), "low": nan, "high": nan, "n": 1, "n_other": 1, "difference": -2.0,
             "minimum detectable": nan} for name in ("random", "eq. 4") for split in (0.9, 1.0)]  # fmt: skip
    figure = draw(pd.DataFrame(rows), *([100] if draw is methods_by_size else []), NOTE)
    assert "n = 1" in said(figure)
    points = [point for axis in figure.axes for c in axis.containers if isinstance(c, ErrorbarContainer)
              for point in c.lines[0].get_xydata()]  # fmt: skip
    assert points and np.isfinite(points).all()


def test_no_two_methods_have_the_same_mark():
    names = ["random", "eq. 4", "eq. 4, penalty", "eq. 4, after PCA", "eq. 4, pairs of elements"]
    means = pd.DataFrame([summary(name, 10, 1.0, 60.0 + i, "," in name) for i, name in enumerate(names)])
    figure = methods_by_coverage(means, pd.DataFrame({"method": names, "mean distance": range(5)}), NOTE)
    lines = [container.lines[0] for container in figure.axes[0].containers]
    looks = {(line.get_marker(), line.get_color(), line.get_markerfacecolor()) for line in lines}
    assert len(looks) == len(names) == len(legend(figure))
