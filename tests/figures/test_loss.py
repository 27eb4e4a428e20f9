import numpy as np
import pandas as pd
import pytest

from paperlib.figures.loss import loss_curves

from .reading import NOTE, said


def losses(selection, k, level, seed, fast=0):
    step = np.arange(1, 101)
    loss = level + 1 / step
    about = {"selection": selection, "k": k, "split": 0.5 if k else 0.0, "seed": seed, "fast_steps": fast}
    return pd.DataFrame({**about, "step": step, "seconds": step / 2, "loss": loss})


LOSSES = pd.concat(
    [
        *(losses("full", 0, 2.0 + 0.1 * seed, seed) for seed in (0, 1)),
        *(losses("random", 20, 1.9 + 0.1 * seed, seed, fast=60) for seed in (0, 1)),
        *(losses("top_activations", 20, 1.5 + 0.1 * seed, seed, fast=60) for seed in (0, 1)),
        losses("top_activations", 200, 2.3, 0, fast=60),
    ]
)


@pytest.mark.parametrize("against, unit, change", [("seconds", "seconds", 30.5), ("step", "steps", 61)])
def test_fig_7_shows_differences_from_the_mean_of_the_full_set(against, unit, change):
    figure = loss_curves(LOSSES, NOTE, 86.4, 8.64, against)
    above, below = figure.axes
    drawn = {line.get_label(): line.get_ydata() for line in below.lines if not line.get_label().startswith("_")}
    means = {name: np.mean(values) for name, values in drawn.items() if len(values)}
    assert means == pytest.approx(
        {
            "full set alone (n = 2)": 0,
            "random 8.64 % first (50 / 50) (n = 2)": -0.1,
            "eq. 4, 8.64 % first (50 / 50) (n = 2)": -0.5,
            "eq. 4, 86.40 % first (50 / 50) (n = 1)": 0.25,
        }
    )
    changes = {line.get_xdata()[0] for line in below.lines if line.get_linestyle() == ":" and len(line.get_xdata())}
    assert changes == {change}
    assert unit in below.get_xlabel() and "nats" in below.get_ylabel() and "nats" in above.get_ylabel()
    assert NOTE in said(figure) and "lowest to highest seed" in said(figure)
    low, high = above.get_ylim()
    assert low < 1.5 and len([tick for tick in above.get_yticks() if low < tick < high]) >= 3
