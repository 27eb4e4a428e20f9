import numpy as np
import pandas as pd
import pytest

from paperlib import controls


def runs(*rows):
    columns = ["selection", "overlap", "k", "split", "seed", "accuracy"]
    return pd.DataFrame([[*row, seed, accuracy + seed] for *row, accuracy in rows for seed in range(3)], columns=columns)


RUNS = runs(
    ("full", "", 0, 0.0, 70.0),
    ("random", "", 40, 1.0, 60.0),
    ("random", "", 30, 1.0, 58.0),
    ("random_balanced", "", 40, 1.0, 61.0),
    ("top_activations", "fill", 40, 1.0, 55.0),
    ("top_activations", "union", 40, 1.0, 54.0),
    ("top_activations", "fill", 400, 1.0, 69.0),
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
    assert (table["n"] == 3).all()


def test_the_large_subset_is_compared_with_the_full_set():
    assert np.allclose(controls.large_subset(controls.arms(RUNS, 40)), -1)
