import pandas as pd

from paperlib.figures.spikes import loss_spikes


def curves(runs):
    rows = [(run.selection, run.seed, run.precision, step, 1 / step) for run in runs.itertuples() for step in (20, 40)]
    return pd.DataFrame(rows, columns=["selection", "seed", "precision", "step", "loss"])


def test_each_arm_has_a_panel_and_each_run_its_end():
    ends = [("random", 0, 68.3), ("random", 1, 15.6), ("random", 2, 68.6), ("full", 0, 83.2)]
    runs = pd.DataFrame(ends, columns=["selection", "seed", "accuracy"]).assign(precision="bfloat16")
    figure = loss_spikes(curves(runs), runs, "some data")
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["full set alone", "random alone"]
    said = [[text.get_text() for text in axis.get_legend().get_texts()] for axis in figure.axes]
    assert said == [
        ["seed 0: 83.2 %"],
        ["seeds 0, 2:\n68.3, 68.6 %", "seed 1: 15.6 %"],
    ]
    assert all(axis.get_yscale() == "log" and "nats" in axis.get_ylabel() for axis in figure.axes)
    assert "some data" in figure.get_suptitle() and "step" in figure.axes[-1].get_xlabel()
    assert [line.get_color() == "black" for line in figure.axes[1].lines] == [False, False, True]


def test_runs_of_one_seed_in_two_precisions_are_told_apart():
    runs = pd.DataFrame(
        {"selection": "random", "seed": 1, "precision": ["bfloat16", "float32"], "accuracy": [15.6, 68.8]}
    )
    (axis,) = loss_spikes(curves(runs), runs, "some data").axes
    said = [text.get_text() for text in axis.get_legend().get_texts()]
    assert said == ["seed 1, bfloat16: 15.6 %", "seed 1, float32: 68.8 %"]
    assert [len(line.get_xdata()) for line in axis.lines] == [2, 2]
