import numpy as np
import pandas as pd
import pytest
from scipy import stats

from paperlib.analysis import controls
from paperlib.analysis.statistics import minimum_detectable_difference


def runs(*rows):
    columns = ["selection", "overlap", "variant", "k", "split", "seed", "accuracy"]
    table = pd.DataFrame(
        [[*row, seed, accuracy + seed] for *row, accuracy in rows for seed in range(3)], columns=columns
    )
    return table.assign(autoencoder=np.where(table["selection"] == "top_activations", 0, np.nan))


RUNS = runs(
    ("full", "", "", 0, 0.0, 70.0),
    ("random", "", "", 40, 1.0, 60.0),
    ("random", "", "", 30, 1.0, 58.0),
    ("random_balanced", "", "", 40, 1.0, 61.0),
    ("top_activations", "fill", "", 40, 1.0, 55.0),
    ("top_activations", "union", "", 40, 1.0, 54.0),
    ("top_activations", "fill", "", 400, 1.0, 69.0),
)


def test_each_arm_is_compared_with_the_one_that_differs_in_one_property():
    table = controls.differences(controls.arms(RUNS, 40)).set_index(["arm", "minus"])
    assert table["difference"].to_dict() == pytest.approx(
        {
            ("eq. 4, fill", "random"): -5,
            ("balanced random", "random"): 1,
            ("eq. 4, fill", "balanced random"): -6,
            ("eq. 4, union", "random, as many as the union"): -4,
            ("random, as many as the union", "random"): -2,
        }
    )
    assert (table[["n", "n_other"]] == 3).all(axis=None)


def test_intervals_are_unpaired_and_power_is_pooled():
    """Seeds are 0, 1 and 2 points apart in every arm: pairs would not differ at all; the spread within arms is 1."""
    table = controls.differences(controls.arms(RUNS, 40))
    half = stats.t.ppf(0.975, 4) * np.sqrt(2 / 3)
    assert (table["high"] - table["difference"]).to_numpy() == pytest.approx(half)
    least = minimum_detectable_difference(1.0, 2 * 7, 3, 3)  # two degrees of freedom in each of seven arms
    assert table["minimum detectable"].to_numpy() == pytest.approx(least)


def test_the_large_subset_is_compared_with_the_full_set():
    found = controls.large_subset(controls.arms(RUNS, 40))
    assert (found.value, found.n, found.n_other) == (pytest.approx(-1), 3, 3)
