import numpy as np
import pandas as pd
import pytest

from paperlib.figures.splits import split_accuracies

from .reading import NOTE, intervals, runs, said

SPLITS = pd.concat(
    [
        runs("full", 0.0, [70.0, 72.0, 74.0]),
        *(runs(arm, split, [60.0, 62.0, 64.0]) for arm in ("random", "top_activations") for split in (0.1, 0.9)),
        runs("random", 1.0, [50.0, 52.0]),
    ],
    ignore_index=True,
)


def test_fig_5_has_splits_at_their_distances_with_intervals_and_n():
    figure = split_accuracies(SPLITS, NOTE, {(0.0, "full"): 83.3, (1.0, "random"): 57.6})
    ours, theirs = figure.axes
    assert list(ours.get_xticks()) == [0, 10, 90, 100]
    points = intervals(ours)["random"]
    assert [round(x - points[0][0]) for x, *_ in points] == [0, 80, 90]
    reach = 4.302653 * 2 / np.sqrt(3)  # Student's t for 2 degrees of freedom; three runs with a spread of 2
    assert points[0][1:] == pytest.approx((62, 62 - reach, 62 + reach), abs=1e-4)
    assert points[2][1:] == (51, 51, 51)  # two runs are shown, and have no interval
    beneath = [text.get_text() for text in ours.texts]
    assert beneath == ["n: full set", "3", "random", "3", "3", "2", "eq. 4", "3", "3"]
    words = said(figure)
    assert NOTE in words and "95 %" in words and "test accuracy (%)" in words and "share of steps" in words
    assert "three runs or more\n" in words
    assert {text.get_text() for text in theirs.texts} == {"83.3", "57.6"}


def test_fig_5_says_so_where_an_interval_leaves_the_axis():
    wide = pd.concat([SPLITS, runs("random", 0.5, [70.0, 50.0, 70.0])], ignore_index=True)
    assert "three runs or more, cut off by the axis\n" in said(split_accuracies(wide, NOTE))


def test_fig_5_has_no_panel_of_the_paper_without_its_points():
    assert len(split_accuracies(SPLITS, NOTE).axes) == 1
