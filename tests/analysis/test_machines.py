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


def record(device, selection, seed, accuracies, split):
    """A run that was tested after 300 steps, and ended after 600."""
    on_the_way, last = accuracies
    tests = {"step": [300, 600], "test": {"warmup": {"accuracy": [on_the_way, last]}}}
    run = {"dataset": "d", "selection": selection, "overlap": "", "k": 0, "split": split, "steps": 600, "seed": seed}
    run |= {"time_share": None, "batch": 1, "precision": "auto"}
    result = {"phases": [0, 600], "test": {"warmup": {"accuracy": last}}, "curve": tests}
    about = {"hash": f"{selection}{seed}", "precision": "bfloat16", "environment": {"device": device}}
    return {"run": run, "result": result, "times": {"train_s": 1.0, "budget_s": None}, **about}


def test_on_the_way_a_seed_is_one_observation():
    found = []
    for device, first, ahead in (("CPU", 0, 0.0), ("a GPU", 2, 0.02)):
        for seed in (first, first + 1):
            start = 0.5 + seed / 1_000 + ahead
            found += [
                record(device, "full", seed, (start, 0.8), 0.0),
                record(device, "random", seed, (start, 0.6), 1.0),
            ]
            found.append(record(device, "random", seed, (0.1, 0.1), 0.5))  # on both sets: left out
    early, late = machines.on_the_way(found).itertuples()
    assert (early.step, late.step, early.device, early.other_device) == (300, 600, "CPU", "a GPU")
    assert (early.difference.n, early.difference.n_other) == (2, 2)
    assert early.difference.value == pytest.approx(-2.2) and late.difference.value == 0


def test_a_step_that_some_runs_were_not_tested_after_is_left_out():
    found = [record(device, "full", seed, (0.5, 0.8), 0.0) for seed, device in enumerate(("CPU", "CPU", "GPU", "GPU"))]
    found[0]["result"]["curve"] = {"step": [600], "test": {"warmup": {"accuracy": [0.8]}}}
    assert machines.on_the_way(found)["step"].tolist() == [600]
