import pandas as pd

from paperlib.figures.controls import control_accuracies

from .reading import NOTE, legend, runs, said


def test_controls_have_the_full_set_and_n():
    table = pd.concat(
        [runs("random", 0.9, [60.0, 62.0, 64.0]).assign(arm="random"), runs("x", 0.9, [58.0]).assign(arm="eq. 4, fill")]
    ).assign(subset_size=4320)
    figure = control_accuracies(table, NOTE, pd.Series([70.0, 72.0]))
    assert legend(figure) == [
        "full set alone: mean, 95 % interval (n = 2)",
        "random, 4,320 samples (n = 3)",
        "eq. 4, fill, 4,320 samples (n = 1)",
    ]
    assert "95 %" in said(figure) and NOTE in said(figure) and "test accuracy (%)" in said(figure)
