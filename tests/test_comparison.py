import numpy as np
import pandas as pd
import pytest

from paperlib import comparison, figures_beyond
from paperlib.plans import VARIANTS
from paperlib.selection import METHODS


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
    return comparison.accuracies(records)


def test_every_method_and_option_that_is_compared_has_a_name():
    assert set(comparison.NAMES) == set(METHODS)
    names = [comparison.name("top_activations", {"overlap": "fill", option: value}) for option, value in VARIANTS.items()]
    assert names == ["eq. 4, penalty", "eq. 4, pairs of elements", "eq. 4, after PCA", "eq. 4, the same of each class"]
    assert comparison.name("facility_location", {"by_class": True}) in figures_beyond._METHODS
    assert set(comparison.NAMES.values()) - {"facility location"} < set(figures_beyond._METHODS)


def test_accuracies_are_summarized_by_method_size_and_split(table):
    means = comparison.summaries(table).set_index(["method", "split"])
    assert means.loc[("random", 1.0), "accuracy"] == pytest.approx(61)
    half = 4.302653 / np.sqrt(3)  # Student's t for 2 degrees of freedom; the standard deviation is 1
    assert means.loc[("random", 1.0), "low"] == pytest.approx(61 - half, abs=1e-4)
    assert means.loc[("full set", 0.0), "accuracy"] == pytest.approx(70)
    assert (means["n"] == 3).all()


def test_differences_are_paired_with_random_over_seeds(table):
    found = comparison.differences(table).set_index(["method", "split"])
    assert found["difference"].to_dict() == pytest.approx(
        {("k-center", 0.9): 2, ("k-center", 1.0): 2, ("eq. 4, pairs of elements", 0.9): -5}
    )
    assert np.allclose(found["low"], found["difference"])  # pairs agree, although seeds differ
    unpaired = comparison.differences(table[(table["method"] != "random") | (table["seed"] > 0)])
    assert (unpaired["n"] == 2).all()


def test_subsets_are_described_by_balance_coverage_and_cost():
    records = [
        {
            "run": {"method": "k_means", "options": [], "k": 40, "seed": seed},
            "result": {"size": 40, "per_class": [10, 10, 15, 5], "mean_distance": 2.0 + seed, "peak_bytes": 1 << 21},
            "times": {"select_s": 3.0},
        }
        for seed in range(2)
    ]
    row = comparison.subsets(records).iloc[0].to_dict()
    assert row == {
        "method": "k-means", "k": 40, "fewest of a class": 50, "most of a class": 150, "mean distance": 2.5,
        "seconds": 3, "MiB": 2, "n": 2,
    }  # fmt: skip


def test_figures_show_every_method_with_its_n(table):
    means, differences = comparison.summaries(table), comparison.differences(table)
    figure = figures_beyond.methods_by_size(means, 400, "note")
    figure.canvas.draw()
    labels = {text.get_text() for text in figure.legends[0].get_texts()}
    assert labels == {"random (n = 3)", "k-center (n = 3)", "full set (n = 3)"}
    figure = figures_beyond.methods_against_random(differences, "note")
    figure.canvas.draw()
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["eq. 4, pairs of elements", "k-center"]
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim()
    assert [axis.get_title() for axis in figure.axes] == ["100 / 0 (n = 3 pairs a row)", "90 / 10 (n = 3 pairs a row)"]
    subsets = pd.DataFrame({"method": ["random", "k-center", "eq. 4, pairs of elements"], "mean distance": [1.0, 2.0, 3.0]})
    figure = figures_beyond.methods_by_coverage(means[(means["k"] == 40) & (means["split"] == 0.9)], subsets, "note")
    figure.canvas.draw()
    assert [text.get_text() for text in figure.axes[0].texts] == ["pairs of elements"]  # its mark is that of all variants
