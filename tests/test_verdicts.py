import numpy as np
import pytest
from scipy import stats

from paperlib import verdicts

DRAW = np.random.default_rng(0)


def test_a_summary_is_the_textbooks():
    values = [1.0, 2.0, 4.0]
    found = verdicts.summarize(values)
    half = stats.t.ppf(0.975, 2) * np.std(values, ddof=1) / 3**0.5
    assert (found.mean, found.n) == (pytest.approx(7 / 3), 3)
    assert (found.low, found.high) == (pytest.approx(7 / 3 - half), pytest.approx(7 / 3 + half))
    assert 1.0 <= found.bootstrap_low < 7 / 3 < found.bootstrap_high <= 4.0


def test_one_value_has_no_spread_and_none_has_no_mean():
    one, none = verdicts.summarize([3.0]), verdicts.summarize([])
    assert one.mean == 3.0 and one.n == 1 and np.isnan([one.sd, one.low, one.resolution]).all()
    assert none.n == 0 and np.isnan(none.mean)


def test_the_resolution_is_seen_four_times_of_five():
    n, sd = 5, 2.0
    drawn = DRAW.normal(0, sd, (4_000, n))
    resolutions = [verdicts.TTestPower().solve_power(nobs=n, alpha=0.05, power=0.8) * sd]
    seen = stats.ttest_1samp(drawn + resolutions[0], 0, axis=1).pvalue < 0.05
    assert seen.mean() == pytest.approx(0.8, abs=0.03)
    values = drawn[0] / drawn[0].std(ddof=1) * sd
    assert verdicts.summarize(values).resolution == pytest.approx(resolutions[0], rel=1e-3)


def test_the_smallest_ratio_is_seen_four_times_of_five():
    ratio = verdicts.smallest_ratio(10, 12)
    wide, narrow = DRAW.normal(0, ratio, (4_000, 11)), DRAW.normal(0, 1, (4_000, 13))
    p = stats.f.sf(wide.var(axis=1, ddof=1) / narrow.var(axis=1, ddof=1), 10, 12)
    assert (p < 0.025).mean() == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(
    ("rule", "values", "terms", "answer"),
    [
        ("equal", [4320], {"to": 4320}, True),
        ("equal", [4319], {"to": 4320}, False),
        ("equal", [91.364], {"to": 91.36}, True),
        ("equal", [91.37], {"to": 91.36}, False),
        ("equal", [4320, 4300], {"to": 4320}, False),
        ("present", [8.9], {}, True),
        ("present", [0], {}, False),
        ("above", [1.0, 1.1, 0.9], {}, True),
        ("above", [-1.0, -1.1, -0.9], {}, False),
        ("above", [-1.0, 1.5, 0.2], {}, None),
        ("above", [-1.0, 1.5, 0.2], {"claimed": 50}, False),  # not above by anything like what is claimed
        ("above", [1.0], {}, None),
        ("below", [0.5, 0.6, 0.4], {"limit": 1}, True),
        ("below", [2.5, 2.6, 2.4], {"limit": 1}, False),
        ("below", [0.5, 1.6, 1.4], {"limit": 1}, None),
        ("at_chance", [9.0, 10.0, 11.5], {"chance": 10}, True),
        ("at_chance", [60.0, 61.0, 62.0], {"chance": 10}, False),
        ("at_chance", [60.0], {"chance": 10}, None),
        ("equivalent", [0.1, -0.2, 0.2, 0.0], {"margin": 2.1}, True),
        ("equivalent", [5.1, 4.8, 5.2, 5.0], {"margin": 2.1}, False),
        ("equivalent", [-5.1, 4.8, 5.2, 0.0], {"margin": 2.1}, None),
        ("equivalent", [0.5, 0.5], {"margin": 2.1}, True),  # no spread at all
        ("compatible", [83.0, 83.5, 84.0], {"with_mean": 83.3, "of": 2}, True),
        ("compatible", [61.0, 61.5, 62.0], {"with_mean": 83.3, "of": 2}, False),
        ("compatible", [61.0], {"with_mean": 83.3, "of": 2}, None),
    ],
)
def test_rules(rule, values, terms, answer):
    assert verdicts.RULES[rule](values, **terms) is answer


def test_spreads_are_compared():
    narrow, wide = DRAW.normal(0, 1, 30), DRAW.normal(0, 5, 30)
    assert verdicts.less_variable(narrow, than=wide) is True
    assert verdicts.less_variable(wide, than=narrow) is False
    assert verdicts.less_variable(narrow, than=narrow[::-1]) is None
    assert verdicts.less_variable(narrow[:2], than=wide) is None


def test_the_papers_mean_is_a_surprise_one_time_in_twenty():
    """What `compatible` promises, where the truth is that nothing differs."""
    ours, papers = DRAW.normal(0, 1, (4_000, 5)), DRAW.normal(0, 1, (4_000, 2)).mean(axis=1)
    refused = [not verdicts.compatible(few, with_mean=mean, of=2) for few, mean in zip(ours[:1_000], papers)]
    assert np.mean(refused) == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize(
    ("statement", "number", "whole", "words"),
    [
        (True, None, True, "reproduced"),
        (True, None, False, "direction reproduced"),
        (True, True, True, "reproduced"),
        (True, False, True, "direction reproduced"),
        (False, False, True, "not reproduced"),
        (False, None, False, "not reproduced"),
        (None, False, True, "not reproduced"),
        (None, True, False, "reproduced"),
        (None, None, False, "not testable at this scale"),
    ],
)
def test_verdicts(statement, number, whole, words):
    assert verdicts.verdict(statement, number, at_paper_scale=whole) == words
