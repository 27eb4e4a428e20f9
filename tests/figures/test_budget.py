import pandas as pd
import pytest

from paperlib.figures.budget import fixed_budget

from .reading import NOTE, legend, runs, said


@pytest.mark.parametrize("clock, ended", [(0.5707, "time is up"), (None, "steps are used up")])
def test_fig_6_has_steps_differences_and_every_arm_on_record(clock, ended):
    table = pd.concat(
        [
            runs("full", 0.0, [60.0, 62.0], steps=(0, 711), clock=clock),
            runs("random", 0.5, [59.0, 61.0], steps=(600, 85), clock=clock),
            runs("top_activations", 0.5, [56.0, 58.0], steps=(600, 42), clock=clock),
        ]
    )
    figure = fixed_budget(table, NOTE, {"full": 10.4, "top_activations": 63.5})
    runs_axis, differences = figure.axes
    assert [label.get_text() for label in runs_axis.get_xticklabels()] == ["711"] * 2 + ["685"] * 2 + ["642"] * 2
    assert len(legend(figure)) == 3 and all("n = 2" in label for label in legend(figure))
    assert [text.get_text() for text in differences.texts] == ["-1.0", "-4.0"]
    assert "(points)" in differences.get_ylabel() and "95 %" in differences.get_title()
    assert runs_axis.get_ylim()[1] > 63.5 + 5  # room for the paper's mean and its text
    words = said(figure)
    assert ended in words and NOTE in words and "the paper's 63.5 %" in words and "the paper's 10.4 %" in words


@pytest.mark.parametrize("count, rotation", [(4, 0), (6, 90)])
def test_the_numbers_of_many_runs_stand_upright(count, rotation):
    figure = fixed_budget(runs("full", 0.0, [60.0 + n for n in range(count)], steps=(0, 711)), NOTE)
    axis = figure.axes[0]
    assert {text.get_rotation() for text in (*axis.get_xticklabels(), *axis.texts)} == {rotation}
