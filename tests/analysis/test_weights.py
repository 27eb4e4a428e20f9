import numpy as np

from paperlib.analysis import weights


def record(selection, split, seed, averaged, raw):
    test = {"warmup": {"accuracy": averaged}, "raw": {"accuracy": raw}}
    return {"run": {"selection": selection, "split": split, "seed": seed}, "result": {"test": test}}


def test_gaps_are_eq4_minus_random_under_each_kind_of_weights():
    found = [record("full", 0.0, seed, 0.8, 0.8) for seed in (0, 1)]
    for seed in (0, 1):
        found += [record("random", 0.9, seed, 0.60 + seed / 100, 0.5), record("top_activations", 0.9, seed, 0.55, 0.6)]
    found += [record("random", 1.0, 0, 0.6, 0.6), record("top_activations", 1.0, 0, 0.5, 0.5)]
    found += [record("random", 0.5, 0, 0.6, 0.6)]  # without a run of eq. 4
    table = weights.gaps({"cpu": found}).set_index(["weights", "split"])
    assert sorted(table.index) == [("raw", 0.9), ("raw", 1.0), ("warmup", 0.9), ("warmup", 1.0)]
    averaged, raw = table.loc[("warmup", 0.9)], table.loc[("raw", 0.9)]
    assert np.isclose(averaged["difference"], -5.5) and np.isclose(raw["difference"], 10)
    assert averaged["low"] < -5.5 < averaged["high"] and (averaged["n"], averaged["n_other"]) == (2, 2)
    assert np.isnan(table.loc[("raw", 1.0), "low"]) and (table["profile"] == "cpu").all()


def test_without_runs_there_are_no_rows():
    assert weights.gaps({"cpu": []}).empty and "difference" in weights.gaps({})
