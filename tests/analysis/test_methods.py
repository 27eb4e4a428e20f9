import numpy as np
import pytest
from scipy import stats

from paperlib.analysis import methods
from paperlib.figures.methods import LOOKS
from paperlib.selection import METHODS
from paperlib.study.plans import VARIANTS


def record(selection, accuracy, *, k=40, split=1.0, seed=0, variant=None):
    run = {"selection": selection, "k": k, "split": split, "seed": seed}
    run |= {"variant": variant} if variant else {}
    return {"run": run, "result": {"test": {"warmup": {"accuracy": accuracy / 100}}}}


@pytest.fixture
def table():
    """Random at 60, 61 and 62 %; k-center 2 above; eq. 4 with pairs 5 below at 90 / 10 alone; the full set at 70."""
    records = []
    for seed in range(3):
        for split in (0.9, 1.0):
            records.append(record("random", 60 + seed, split=split, seed=seed))
            records.append(record("k_center", 62 + seed, split=split, seed=seed))
        records.append(record("top_activations", 55 + seed, split=0.9, seed=seed, variant=[["pairs", True]]))
        records.append(record("full", 70, k=0, split=0.0, seed=seed))
    return methods.accuracies(records)


def test_every_method_and_option_that_is_compared_has_a_name():
    assert set(methods.NAMES) == set(METHODS)
    names = [methods.name("top_activations", {"overlap": "fill", option: value}) for option, value in VARIANTS.items()]
    assert names == ["eq. 4, penalty", "eq. 4, pairs of elements", "eq. 4, after PCA", "eq. 4, the same of each class"]
    assert methods.name("facility_location", {"by_class": True}) in LOOKS
    assert set(methods.NAMES.values()) - {"facility location"} < set(LOOKS)


def test_accuracies_are_summarized_by_method_size_and_split(table):
    means = methods.summaries(table).set_index(["method", "split"])
    assert means.loc[("random", 1.0), "accuracy"] == pytest.approx(61)
    half = 4.302653 / np.sqrt(3)  # Student's t for 2 degrees of freedom; the standard deviation is 1
    assert means.loc[("random", 1.0), "low"] == pytest.approx(61 - half, abs=1e-4)
    assert means.loc[("full set", 0.0), "accuracy"] == pytest.approx(70)
    assert (means["n"] == 3).all()


def test_differences_from_random_are_unpaired(table):
    found = methods.differences(table).set_index(["method", "split"])
    assert found["difference"].to_dict() == pytest.approx(
        {("k-center", 0.9): 2, ("k-center", 1.0): 2, ("eq. 4, pairs of elements", 0.9): -5}
    )
    half = stats.t.ppf(0.975, 4) * np.sqrt(2 / 3)  # three seeds a point apart in either arm; pairs would all agree
    assert (found["difference"] - found["low"]).to_numpy() == pytest.approx(half)
    assert (found[["n", "n_other"]] == 3).all(axis=None)
    fewer = methods.differences(table[(table["method"] != "random") | (table["seed"] > 0)])
    assert (fewer["n"] == 3).all() and (fewer["n_other"] == 2).all()


def test_p_values_are_adjusted_for_the_methods_of_a_size_and_split(table):
    found = methods.differences(table).set_index(["method", "split"])
    assert found.loc[("k-center", 1.0), "p_holm"] == found.loc[("k-center", 1.0), "p"]  # alone there
    least = found.loc[found.index.get_level_values("split") == 0.9, "p"].min()
    assert found.loc[("eq. 4, pairs of elements", 0.9), "p_holm"] == pytest.approx(2 * least)


def test_subsets_are_described_by_balance_coverage_and_cost():
    records = [
        {
            "run": {"method": "k_means", "options": [], "k": 40, "seed": seed},
            "result": {"size": 40, "per_class": [10, 10, 15, 5], "mean_distance": 2.0 + seed, "peak_bytes": 1 << 21},
            "times": {"select_s": 3.0},
        }
        for seed in range(2)
    ]
    row = methods.subsets(records).iloc[0].to_dict()
    assert row == {
        "method": "k-means", "k": 40, "fewest of a class": 50, "most of a class": 150, "mean distance": 2.5,
        "seconds": 3, "MiB": 2, "n": 2,
    }  # fmt: skip
