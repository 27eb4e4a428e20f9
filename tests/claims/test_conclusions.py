"""What the notebooks say under *what it shows* for profile cpu, asked of its committed records.

A sentence that new records no longer bear out fails here; then the sentence is to be changed, not the test.
"""

import re

import nbformat
import pytest

from paperlib import study
from paperlib.analysis import controls, methods, statistics, tables
from paperlib.claims import ledger, rules
from paperlib.study import plans, records
from paperlib.study.profiles import profile

from ..conftest import ROOT

CPU = ROOT / "figures" / "cpu"
SETTING = profile("cpu")


@pytest.fixture(scope="module")
def dataset():
    return records.data_set(records.read_all(CPU / "records"))


@pytest.fixture(scope="module")
def claims():
    return ledger.of_folder(CPU)[0].set_index("id")


def on_record(runs):
    return study.on_record(runs, CPU / "records")[0]


@pytest.mark.parametrize("number", ["02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "13"])
def test_every_notebook_ends_in_what_it_shows(number):
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    text = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells[-3:])
    assert "**What it shows" in text and "What to look for" not in text


def test_04_random_ends_higher_where_most_steps_are_on_the_subset(claims):
    for name in ("C6", "C7b"):
        assert claims.loc[name, "verdict"] == rules.NOT and claims.loc[name, "high"] < 0
    assert claims.loc["C8", "verdict"] == rules.UNDECIDED
    assert abs(claims.loc["C7", "ours"]) < abs(claims.loc["C7b", "ours"])


def test_05_the_full_set_alone_is_ahead_in_the_same_time_and_far_above_guessing(claims):
    assert claims.loc["C19", "high"] < 0 and claims.loc["C10", "low"] > 40 and claims.loc["C9", "low"] > 40


def test_06_the_small_subsets_loss_falls_faster_and_a_random_one_does_about_half_of_it(claims):
    assert claims.loc["C11", "low"] > 0 and claims.loc["C12", "low"] < 0 < claims.loc["C12", "high"]
    found = re.findall(r"(?:eq\. 4|random) \+(\d\.\d+) \(\+(\d\.\d+) to", claims.loc["C11", "remark"])
    (eq4, _), (random, lowest) = ([float(number) for number in numbers] for numbers in found)
    assert 0 < lowest and 0.4 < random / eq4 < 0.6


def test_07_neither_balance_nor_filling_up_is_shown_to_be_the_reason(dataset):
    union = on_record([plans.union_run(SETTING, dataset)])[0]["result"]["subset"]["size"]
    runs = plans.control_runs(SETTING, dataset, union) + plans.split_runs(SETTING, dataset)
    arms = controls.arms(tables.runs(on_record(runs)), SETTING.k)
    found = controls.differences(arms[arms["split"] >= 0.9]).set_index(["arm", "minus", "split"]).sort_index()
    balanced = found.loc["balanced random", "random"]
    assert ((balanced["low"] < 0) & (balanced["high"] > 0)).all()
    assert (found.loc[("eq. 4, union", "random, as many as the union"), "high"] < 0).all()
    assert found.loc[("eq. 4, fill", "random", 1.0), "high"] < 0
    assert found.loc[("random, as many as the union", "random", 1.0), "high"] < 0
    large = controls.large_subset(arms)
    assert -3 < large.value < 0 and large.high > -0.5  # "about a point", and "comes close to zero"


def test_10_no_difference_between_the_formats_was_shown(dataset):
    differences = tables.precision_differences(tables.runs(on_record(plans.precision_runs(SETTING, dataset))))
    found = statistics.mean(differences["difference"])
    assert found.low < 0 < found.high and max(-found.low, found.high) > 1


def test_09_subset_first_saves_no_time(claims):
    assert claims.loc["C18", "high"] < 0 and not claims.loc["C18b", "low"] > 0


def test_13_no_method_is_shown_to_beat_random_and_extremes_lose(dataset):
    found = methods.differences(methods.accuracies(on_record(plans.method_runs(SETTING, dataset))))
    assert not ((found["p_holm"] < 0.05) & (found["difference"] > 0)).any() and (found["low"] <= 0).all()
    alone = found[(found["k"] == SETTING.k) & (found["split"] == 1)].set_index("method")
    assert (alone.loc[["eq. 4", "feature-based", "k-center", "max-sum dispersion (eq. 3)"], "high"] < 0).all()
    cannot_be_told = ["k-means", "herding", "facility location, by class", "eq. 4, penalty"]
    assert (alone.loc[cannot_be_told, "high"] > 0).all()
    smallest = found[(found["k"] < SETTING.compared_sizes[-1]) & (found["split"] == 1)]
    worst = smallest.loc[smallest.groupby("k")["difference"].idxmin(), "method"]
    assert set(worst) == {"max-sum dispersion (eq. 3)"}  # "does worst at the two smaller sizes"
