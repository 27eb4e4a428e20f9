import numpy as np
import pandas as pd
import pytest

from paperlib.analysis import machines


def runs(device, accuracies, **more):
    about = {"selection": "random", "autoencoder": np.nan, "split": 1.0, "stop": np.nan, "device": device} | more
    return pd.DataFrame([{**about, "accuracy": value} for value in accuracies])


def test_arms_that_two_machines_trained_are_compared():
    table = pd.concat(
        [
            runs("a GPU", [68.0, 70.0]),
            runs("CPU", [66.0, 67.0, 68.0]),
            runs("CPU", [60.0, 61.0], stop=5_707),  # on one machine alone
            runs("a GPU", [64.0, 65.0], selection="top_activations", autoencoder=0),
            runs("CPU", [64.0, 65.0], selection="top_activations", autoencoder=1),  # another autoencoder: another arm
            runs("CPU", [81.0, 82.0], selection="full", split=0.0),
            runs("a GPU", [82.0], selection="full", split=0.0),  # too few
        ]
    )
    (row,) = machines.arms(table).itertuples()
    assert (row.selection, row.split, row.device, row.other_device) == ("random", 1.0, "CPU", "a GPU")
    assert np.isnan(row.stop) and np.isnan(row.autoencoder)
    assert (row.on_device.value, row.on_device.n, row.on_other.value) == (67.0, 3, 69.0)
    assert row.difference.value == -2.0 and row.p_holm == pytest.approx(row.difference.p_value())


def test_without_such_arms_there_is_nothing_to_compare():
    found = machines.arms(runs("CPU", [66.0, 67.0]))
    assert found.empty and "p_holm" in found
