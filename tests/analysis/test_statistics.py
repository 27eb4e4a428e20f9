import numpy as np
import pandas as pd
import pytest
from scipy import stats

from paperlib.analysis import statistics

DRAWS = 4_000


@pytest.fixture
def draw():
    return np.random.default_rng(0)


def test_a_mean_is_the_textbooks():
    values = [1.0, 2.0, 4.0]
    found = statistics.mean(values)
    half = stats.t.ppf(0.975, 2) * np.std(values, ddof=1) / 3**0.5
    assert (found.value, found.n, found.n_other) == (pytest.approx(7 / 3), 3, 0)
    assert (found.low, found.high) == (pytest.approx(7 / 3 - half), pytest.approx(7 / 3 + half))
    low, high = found.bootstrap()
    assert 1.0 <= low < 7 / 3 < high <= 4.0


def test_one_value_has_no_spread_and_none_has_no_mean():
    one, none = statistics.mean([3.0]), statistics.mean([])
    assert one.value == 3.0 and one.n == 1 and np.isnan([one.sd, one.low, one.error]).all()
    assert none.n == 0 and np.isnan(none.value)
    assert np.isnan(statistics.difference([1.0, 2.0], [3.0]).low) and np.isnan(statistics.difference([], [3.0]).value)


def test_a_difference_is_welchs():
    values, others = [1.0, 2.0, 4.0], [5.0, 5.5, 9.0, 7.0]
    found, theirs = statistics.difference(values, others), stats.ttest_ind(values, others, equal_var=False)
    assert (found.low, found.high) == pytest.approx(theirs.confidence_interval())
    assert found.p_value() == pytest.approx(theirs.pvalue)
    assert statistics.difference([1.0, 1.0], [3.0, 3.0]).low == -2.0  # no spread at all


@pytest.mark.parametrize(("sd", "misses"), [(1.0, 0.05), (2.0, 0.07)])
def test_intervals_of_differences_miss_as_often_as_is_said(draw, sd, misses):
    arms = draw.normal(0, 1, (DRAWS // 2, 5)), draw.normal(0, sd, (DRAWS // 2, 3))
    missed = [not found.low <= 0 <= found.high for found in map(statistics.difference, *arms)]
    assert np.mean(missed) == pytest.approx(misses, abs=0.015)


@pytest.mark.parametrize(("n", "n_other"), [(5, None), (3, 3), (5, 2)])
def test_the_minimum_detectable_difference_is_seen_four_times_of_five(draw, n, n_other):
    """By a test whose standard deviation is pooled over other arms too: 30 degrees of freedom."""
    sd, freedom = 2.0, 30
    least = statistics.minimum_detectable_difference(sd, freedom, n, n_other)
    pooled = sd * np.sqrt(draw.chisquare(freedom, DRAWS) / freedom)
    value = draw.normal(least, sd, (DRAWS, n)).mean(axis=1)
    if n_other:
        value = value - draw.normal(0, sd, (DRAWS, n_other)).mean(axis=1)
    error = pooled * np.sqrt(1 / n + (1 / n_other if n_other else 0))
    seen = abs(value / error) > stats.t.ppf(0.975, freedom)
    assert seen.mean() == pytest.approx(0.8, abs=0.02)


def test_what_cannot_be_known_of_power_is_nan():
    assert np.isnan(statistics.minimum_detectable_difference(np.nan, 0, 3))
    assert np.isnan(statistics.minimum_detectable_difference(1.0, 3, 2, 2))
    assert statistics.minimum_detectable_difference(1.0, 4, 2, 2) > 3
    assert np.isnan(statistics.minimum_detectable_difference(1.0, 10, 0, 3))
    assert np.isnan(statistics.minimum_detectable_ratio(3, 5))


def test_runs_that_happen_to_agree_say_nothing_of_a_spread():
    found = statistics.spread_ratio(0.5, 1, 0.0, 1)
    assert np.isnan([found.value, found.low, found.high]).all()


def test_the_minimum_detectable_ratio_is_seen_four_times_of_five(draw):
    ratio = statistics.minimum_detectable_ratio(10, 12)
    wide, narrow = draw.normal(0, ratio, (DRAWS, 11)), draw.normal(0, 1, (DRAWS, 13))
    p = stats.f.sf(wide.var(axis=1, ddof=1) / narrow.var(axis=1, ddof=1), 10, 12)
    assert (p < 0.025).mean() == pytest.approx(0.8, abs=0.03)


def test_intervals_of_ratios_miss_one_time_in_twenty(draw):
    sd = np.sqrt(draw.chisquare(22, DRAWS) / 22)
    other = 3 * np.sqrt(draw.chisquare(12, DRAWS) / 12)
    found = [statistics.spread_ratio(*pair) for pair in zip(sd, [22] * DRAWS, other, [12] * DRAWS)]
    assert np.mean([not one.low <= 1 / 3 <= one.high for one in found]) == pytest.approx(0.05, abs=0.015)
    assert np.isnan(statistics.spread_ratio(1.0, 0, 1.0, 5).value)


def test_holm_is_holms_and_leaves_nan_alone():
    assert statistics.holm([0.01, np.nan, 0.04, 0.03]) == pytest.approx([0.03, np.nan, 0.06, 0.06], nan_ok=True)
    assert np.isnan(statistics.holm([np.nan])).all()


def runs(draw, autoencoders, seeds, between, within=1.0):
    rows = [(a, s, effect + draw.normal(0, within)) for a in range(autoencoders)
            for effect in [draw.normal(0, between)] for s in range(seeds)]  # fmt: skip
    return pd.DataFrame(rows, columns=["autoencoder", "seed", "accuracy"])


def test_seeds_are_units_and_with_several_autoencoders_these_are():
    table = pd.DataFrame({"seed": [0, 0, 1], "autoencoder": [0, 0, 0], "accuracy": [1.0, 3.0, 5.0]})
    assert statistics.units(table).tolist() == [2.0, 5.0]
    several = table.assign(autoencoder=[0, 1, 1])
    assert statistics.units(several).tolist() == [1.0, 4.0]
    assert statistics.units(table.drop(columns="autoencoder")).tolist() == [2.0, 5.0]


def test_comparing_autoencoders_averages_is_wrong_one_time_in_twenty(draw):
    """Where autoencoders differ as much as runs do; counting all runs would be wrong far more often."""
    wrong, naive = [], []
    for _ in range(300):
        eq4, random = runs(draw, 5, 3, between=1.0), runs(draw, 1, 5, between=0.0)
        found = statistics.difference(statistics.units(eq4), statistics.units(random))
        wrong.append(not found.low <= 0 <= found.high)
        counted = statistics.difference(eq4["accuracy"], random["accuracy"])
        naive.append(not counted.low <= 0 <= counted.high)
    assert np.mean(wrong) == pytest.approx(0.05, abs=0.035) and np.mean(naive) > 0.1


def test_variance_components_of_balanced_runs_are_those_of_the_analysis_of_variance(draw):
    table = runs(draw, 6, 4, between=3.0)
    groups = table.groupby("autoencoder")["accuracy"]
    within = groups.var().mean()
    between = groups.mean().var() - within / 4
    found = statistics.variance_components(table)
    assert found == pytest.approx((np.sqrt(between), np.sqrt(within)), rel=1e-3)
    assert np.isnan(statistics.variance_components(runs(draw, 1, 4, 0.0))).all()
