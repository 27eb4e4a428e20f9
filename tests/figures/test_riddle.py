import matplotlib.pyplot as plt
import numpy as np
import pytest

from paperlib.analysis import stale_sessions
from paperlib.figures.riddle import riddle_candidates

from ..analysis.test_riddle import FOUND, PAPER, sessions


@pytest.fixture
def panels():
    figure = riddle_candidates(FOUND, sessions(), 1_000, "a note", PAPER)
    yield figure.axes
    plt.close(figure)


def marks(axis):
    """All marks of a panel: x, y and face colour."""
    lines = [line for line in axis.lines if line.get_marker() not in ("None", None, "")]
    return [(*point, line.get_markerfacecolor()) for line in lines for point in line.get_xydata()]


def test_each_run_has_a_mark_that_no_other_hides(panels):
    weights, few, rates, stale = panels
    for axis, runs in ((weights, 3 * 5), (few, 4), (rates, 5), (stale, 4)):
        at = [mark[:2] for mark in marks(axis)]
        assert len(at) == len(set(at)) == runs


def test_runs_that_are_no_numbers_are_hollow(panels):
    hollow = [(x, y) for x, y, face in marks(panels[2]) if face == "white"]
    assert len(hollow) == 1 and hollow[0][1] == 10


def test_steps_are_plain_numbers_and_checkpoints_are_named(panels):
    assert [label.get_text() for label in panels[1].get_xticklabels()] == ["1", "100", "1,000"]
    names = [label.get_text().replace("\n", " ") for label in panels[3].get_xticklabels()]
    assert names[1] == "full set alone ended by force: step 0 is on disk"
    assert names[3] == "subset first ended by force: step 50 is on disk"


def test_the_papers_means_are_drawn_only_where_given(panels):
    dotted = [line.get_ydata()[0] for line in panels[0].lines if line.get_linestyle() == ":"]
    assert np.allclose(sorted(dotted), [10.4, 63.5])
    figure = riddle_candidates(FOUND, stale_sessions.table([]), 1_000, "a note", {})
    assert not [line for axis in figure.axes for line in axis.lines if line.get_linestyle() == ":"]
    assert figure.axes[3].get_xlabel() == "not measured"
    plt.close(figure)
