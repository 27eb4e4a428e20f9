"""Measured values and a rule -> verdict. One function a rule; what they rest on is SciPy's and statsmodels'.

All rules work at 95 % confidence. Intervals of a mean are Student's, since with the few runs that there are a
bootstrap's would be too narrow; the bootstrap's stand beside them in the table. A rule answers True (holds), False
(does not hold) or None (the runs cannot tell).
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import DescrStatsW

REPRODUCED = "reproduced"
DIRECTION = "direction reproduced"
NOT = "not reproduced"
UNTESTABLE = "not testable at this scale"

LEVEL = 0.95
POWER = 0.8  # of the smallest difference that the runs could have seen


@dataclass(frozen=True)
class Summary:
    """What a claim's values come to: mean, standard deviation (n - 1), n, intervals, and the resolution.

    resolution: the smallest true difference from a fixed number that n values of this spread would have shown with a
    probability of 80 % (two-sided t-test). NaN where n is too small to say.
    """

    mean: float
    sd: float
    n: int
    low: float
    high: float
    bootstrap_low: float
    bootstrap_high: float
    resolution: float


def summarize(values):
    """`Summary` of measured values (n,)."""
    values = np.asarray(values, float)
    n = len(values)
    nothing = float("nan")
    mean = float(values.mean()) if n else nothing
    if n < 2:
        return Summary(mean, nothing, n, nothing, nothing, nothing, nothing, nothing)
    sd = float(values.std(ddof=1))
    low, high = DescrStatsW(values).tconfint_mean(1 - LEVEL)
    drawn = stats.bootstrap([values], np.mean, confidence_level=LEVEL, method="percentile", rng=0).confidence_interval
    resolution = TTestPower().solve_power(nobs=n, alpha=1 - LEVEL, power=POWER) * sd
    return Summary(mean, sd, n, float(low), float(high), float(drawn.low), float(drawn.high), float(np.squeeze(resolution)))


def smallest_ratio(freedom, freedom_than):
    """The smallest true ratio of two standard deviations that an F-test of such degrees of freedom would have shown
    with a probability of 80 %; what Brown and Forsythe's test sees is about the same."""
    needed = stats.f.ppf((1 + LEVEL) / 2, freedom, freedom_than) * stats.f.ppf(POWER, freedom_than, freedom)
    return float(np.sqrt(needed))


# Rules: values (n,) and what the ledger gives -> True, False or None.


def equal(values, *, to):
    """Every value is the paper's, to its printed digits: for arithmetic and sizes, which have no spread."""
    digits = len(str(to).partition(".")[2])
    return bool(len(values)) and all(round(value, digits) == to for value in values)


def present(values):
    """The one thing measured is above zero. It has no spread between runs, so the verdict is about this one alone."""
    return bool(len(values)) and min(values) > 0


def above(values, *, zero=0.0, claimed=None):
    """The mean is above `zero`. If the interval reaches to both sides of `zero`, the runs cannot tell, unless it
    excludes the `claimed` mean: then the claim does not hold."""
    if len(values) < 2:
        return None
    found = summarize(values)
    if found.low > zero:
        return True
    if found.high < zero or (claimed is not None and found.high < claimed):
        return False
    return None


def below(values, *, limit):
    """The mean is below `limit`."""
    return above(-np.asarray(values, float), zero=-limit)


def at_chance(values, *, chance):
    """The mean cannot be told from guessing, `chance`."""
    told_apart = above(values, zero=chance)
    return None if len(values) < 2 else not told_apart


def equivalent(values, *, margin):
    """Two one-sided tests: the mean is within -margin and margin. If its interval lies wholly outside: False."""
    if len(values) < 2:
        return None
    values = np.asarray(values, float)
    p = DescrStatsW(values).ttost_mean(-margin, margin)[0] if values.std() else float(abs(values[0]) >= margin)
    if p < 1 - LEVEL:
        return True
    found = summarize(values)
    return False if found.low > margin or found.high < -margin else None


def less_variable(values, *, than):
    """`values` spread less than `than` about zero: Brown and Forsythe's test. Both are deviations from their groups'
    means. False if they spread more, by the same test."""
    if len(values) < 3 or len(than) < 3:
        return None
    p = stats.levene(values, than, center="median").pvalue
    if p >= 1 - LEVEL:
        return None
    return bool(np.std(values) < np.std(than))


def compatible(values, *, with_mean, of):
    """The paper's mean of `of` runs lies where the mean of so many further runs of ours would, 19 times of 20."""
    if len(values) < 2:
        return None
    found = summarize(values)
    reach = stats.t.ppf((1 + LEVEL) / 2, found.n - 1) * found.sd * np.sqrt(1 / found.n + 1 / of)
    return bool(abs(found.mean - with_mean) <= reach)


RULES = {
    rule.__name__: rule for rule in (equal, present, above, below, at_chance, equivalent, less_variable, compatible)
}


def verdict(statement, number, *, at_paper_scale):
    """The verdict on a claim from two answers: does what it says hold, and does its number (None: not tested)?

    A statement that holds at a smaller scale than the paper's is its direction only.
    """
    if number:
        return REPRODUCED
    if statement is None:
        return NOT if number is False else UNTESTABLE
    if not statement:
        return NOT
    return REPRODUCED if at_paper_scale and number is None else DIRECTION
