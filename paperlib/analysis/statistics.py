"""Intervals, comparisons and power, all of SciPy's and statsmodels' making.

What counts as one observation decides more than the test does. Three rules hold for what is concluded:

- A seed is one observation. Splits of one seed share most of their training, so their results are averaged over the
  splits, or looked at split by split, but never counted as separate observations.
- Arms are compared without pairing (Welch). Runs of one seed share the initial weights and the order of the samples,
  but between arms their accuracies correlate anywhere from -0.64 to +0.64, so pairing gains nothing on the whole. The
  two number formats of notebook 10 are paired: nothing else differs between them.
- Where several autoencoders are on record, an autoencoder is one observation of the arms that select by it (`units`).
"""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import optimize, stats
from statsmodels.regression.mixed_linear_model import MixedLM
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestIndPower, TTestPower
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

LEVEL = 0.95  # of all intervals
POWER = 0.8  # with which a minimum detectable difference is found

_NONE = float("nan")
LEAST_FREEDOM = 4  # of a standard deviation that power is computed from, or that is compared with another


@dataclass(frozen=True)
class Estimate:
    """A mean, a difference of two means or a ratio, with its 95 % interval.

    Attributes
    ----------
    value, low, high : float
        The estimate and its interval; NaN where there are too few observations.
    error, freedom : float
        Standard error of `value`, and its degrees of freedom.
    sd : float
        Standard deviation of the observations behind a mean; NaN for differences and ratios.
    spread : float
        Standard deviation of one further observation: `sd` for a mean; for a difference, of one pair of runs.
    n, n_other : int
        Number of observations, and of the arm that it is compared with (0 if there is none).
    arms : tuple of ndarray
        The observations.
    """

    value: float = _NONE
    low: float = _NONE
    high: float = _NONE
    error: float = _NONE
    freedom: float = _NONE
    sd: float = _NONE
    spread: float = _NONE
    n: int = 0
    n_other: int = 0
    arms: tuple = field(default=(), repr=False, compare=False)

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """The interval at another confidence level, by Student's distribution."""
        reach = stats.t.ppf((1 + level) / 2, self.freedom) * self.error
        return self.value - reach, self.value + reach

    def bootstrap(self) -> tuple[float, float]:
        """The percentile interval of 9,999 resamples. It is too narrow for few observations, and decides nothing."""
        if not self.arms:
            return _NONE, _NONE
        found = stats.bootstrap(self.arms, _mean_or_difference, confidence_level=LEVEL, method="percentile", rng=0)
        return float(found.confidence_interval.low), float(found.confidence_interval.high)

    def p_value(self, at: float = 0.0) -> float:
        """Two-sided p-value of the hypothesis that the true value is `at`."""
        if not self.error:
            return float(self.value == at)
        return float(2 * stats.t.sf(abs(self.value - at) / self.error, self.freedom))


def mean(values: ArrayLike) -> Estimate:
    """The mean of observations (n,) with Student's interval. One observation has no interval, none has no mean.

    >>> found = mean([69.9, 70.4, 70.9])
    >>> f"{found.value:.1f} ({found.low:.1f} to {found.high:.1f}), n = {found.n}"
    '70.4 (69.2 to 71.6), n = 3'
    """
    values = np.asarray(values, float)
    n = len(values)
    if n < 2:
        return Estimate(value=float(values[0]) if n else _NONE, n=n)
    sd = float(values.std(ddof=1))
    return _with_interval(
        value=float(values.mean()), error=sd / np.sqrt(n), freedom=n - 1, sd=sd, spread=sd, n=n, arms=(values,)
    )


def difference(values: ArrayLike, others: ArrayLike) -> Estimate:
    """The mean of `values` (n,) minus that of `others` (m,), unpaired, with Welch's interval.

    With fewer than two observations in either arm there is no interval. With three, in the one of two arms that spreads
    twice as much as the other, the interval misses 7 times in 100 instead of 5.

    >>> found = difference([66.1, 66.5, 66.9], [69.9, 70.4, 70.9])
    >>> f"{found.value:+.1f} ({found.low:+.1f} to {found.high:+.1f}), n = {found.n} + {found.n_other}"
    '-3.9 (-4.9 to -2.9), n = 3 + 3'
    """
    values, others = np.asarray(values, float), np.asarray(others, float)
    n, n_other = len(values), len(others)
    if not n or not n_other:
        return Estimate(n=n, n_other=n_other)
    value = float(values.mean() - others.mean())
    if min(n, n_other) < 2:
        return Estimate(value=value, n=n, n_other=n_other)
    arms = CompareMeans(DescrStatsW(values), DescrStatsW(others))
    error = float(arms.std_meandiff_separatevar)
    freedom = float(arms.dof_satt() if error else n + n_other - 2)
    spread = float(np.hypot(values.std(ddof=1), others.std(ddof=1)))
    return _with_interval(
        value=value, error=error, freedom=freedom, spread=spread, n=n, n_other=n_other, arms=(values, others)
    )


def spread_ratio(sd: float, freedom: int, other_sd: float, other_freedom: int) -> Estimate:
    """The ratio of two pooled standard deviations, with the interval that the F-test inverts.

    Parameters
    ----------
    sd, other_sd : float
        Pooled within-arm standard deviations, as of `pooled_sd`.
    freedom, other_freedom : int
        Their degrees of freedom.

    Returns
    -------
    Estimate
        value, low and high of the ratio `sd / other_sd`; NaN where the other is 0, since runs that happen to agree say
        nothing of a spread. n and n_other are the degrees of freedom.
    """
    if not freedom or not other_freedom or not other_sd:
        return Estimate(n=freedom, n_other=other_freedom)
    ratio = sd / other_sd
    low, high = (
        ratio / np.sqrt(stats.f.ppf(tail, freedom, other_freedom)) for tail in ((1 + LEVEL) / 2, (1 - LEVEL) / 2)
    )
    return Estimate(value=float(ratio), low=float(low), high=float(high), n=freedom, n_other=other_freedom)


def pooled_sd(table: pd.DataFrame, by: str | list[str], column: str = "accuracy") -> tuple[float, int]:
    """Standard deviation within groups of rows, pooled over the groups, and its degrees of freedom (NaN for 0 of them).

    Rows that have no value in one of the columns `by` are grouped by that.
    """
    groups = table.groupby(by, dropna=False)[column]
    freedom = groups.count() - 1
    total = int(freedom.sum())
    return float(np.sqrt((groups.var() * freedom).sum() / total)) if total else float("nan"), total


def distances(table: pd.DataFrame, by: str | list[str], column: str = "accuracy") -> np.ndarray:
    """How far each row's value is from the median of its group (rows,); what Brown and Forsythe's test compares.

    Rows that have no value in one of the columns `by` are grouped by that.
    """
    medians = table.groupby(by, dropna=False)[column].transform("median")
    return (table[column] - medians).abs().to_numpy()


def spreads_differ(groups: Iterable[ArrayLike]) -> bool:
    """Whether arms spread so differently, by Bartlett's test at 5 %, that a standard deviation pooled over them would
    be no arm's. Arms of fewer than two observations, or of equal ones, are left out; of fewer than two arms nothing is
    known.

    >>> spreads_differ([[83.2, 82.9], [68.3, 15.6]]), spreads_differ([[83.2, 82.9], [68.3, 67.6]])
    (True, False)
    """
    repeated = [values for values in groups if np.ptp(values) > 0]
    return len(repeated) > 1 and bool(stats.bartlett(*repeated).pvalue < 1 - LEVEL)


def minimum_detectable_difference(sd: float, freedom: float, n: int, n_other: int | None = None) -> float:
    """The smallest true difference that a two-sided t-test at 5 % finds with a probability of 80 %.

    Parameters
    ----------
    sd : float
        Within-arm standard deviation. Pool it over many arms: estimated anew from three to five runs, it makes this
        number mostly noise.
    freedom : float
        Degrees of freedom of `sd`.
    n, n_other : int
        Observations in the arm and in the one that it is compared with; None for a comparison with a fixed number.

    Returns
    -------
    float
        In the unit of `sd`; NaN where `n` is 0, and for fewer than four degrees of freedom, which say next to nothing.
    """
    if freedom < LEAST_FREEDOM or not n or n_other == 0:
        return _NONE
    if n_other is None:

        def power(effect: float) -> float:
            return TTestPower().power(effect, n, 1 - LEVEL, df=freedom)
    else:

        def power(effect: float) -> float:
            return TTestIndPower().power(effect, n, 1 - LEVEL, ratio=n_other / n, df=freedom)

    highest = 1.0
    while power(highest) < POWER:
        highest *= 2
    return float(sd * optimize.brentq(lambda effect: power(effect) - POWER, 1e-6, highest))


def minimum_detectable_ratio(freedom: int, other_freedom: int) -> float:
    """The smallest true ratio of two standard deviations that an F-test of such degrees of freedom finds with a
    probability of 80 %; NaN for fewer than four, which say next to nothing."""
    if min(freedom, other_freedom) < LEAST_FREEDOM:
        return _NONE
    needed = stats.f.ppf((1 + LEVEL) / 2, freedom, other_freedom) * stats.f.ppf(POWER, other_freedom, freedom)
    return float(np.sqrt(needed))


def holm(p_values: ArrayLike) -> np.ndarray:
    """p-values (m,) adjusted by Holm's method for being m tests; those that are NaN count for none and stay NaN."""
    p_values = np.asarray(p_values, float)
    adjusted = np.full(len(p_values), _NONE)
    known = ~np.isnan(p_values)
    if known.any():
        adjusted[known] = multipletests(p_values[known], method="holm")[1]
    return adjusted


def new_highs(values: np.ndarray) -> np.ndarray:
    """Which of some values (n,) are above all before them.

    >>> new_highs(np.array([60.0, 62.0, 61.5, 62.0, 63.0])).tolist()
    [True, True, False, False, True]
    """
    values = np.asarray(values, float)
    return values > np.concatenate([[-np.inf], np.maximum.accumulate(values)[:-1]])


def units(table: pd.DataFrame, column: str = "accuracy", groups: str = "autoencoder") -> np.ndarray:
    """The observations of an arm: one a seed, or one an autoencoder if the arm has runs of several.

    With autoencoders as a random effect, runs that share one are no independent observations of the method. Averaging
    over the runs of each, and comparing the averages by Welch's test, is exact when each has as many runs; it is used
    instead of a mixed model because that one's intervals are too narrow for about five autoencoders
    (`variance_components` says how much of the spread is between them).

    Parameters
    ----------
    table : DataFrame
        Rows of one arm with columns `seed`, `column` and `groups`. Several rows of a seed (splits) are averaged.
    column, groups : str
        What is measured, and which rows share an autoencoder; NaN in `groups` stands for none.

    Returns
    -------
    ndarray
        Averages (n,) of `column`.
    """
    several = groups in table and table[groups].nunique() > 1
    return table.groupby(groups if several else "seed")[column].mean().to_numpy()


def variance_components(
    table: pd.DataFrame, column: str = "accuracy", groups: str = "autoencoder"
) -> tuple[float, float]:
    """Standard deviations between autoencoders and between the runs of one, by a mixed linear model (REML).

    Parameters
    ----------
    table : DataFrame
        Rows of one arm with columns `column` and `groups`.

    Returns
    -------
    tuple of float
        (between, within), in the unit of `column`; NaN where there are fewer than two groups, or one run in each.
    """
    table = table.dropna(subset=[groups])
    if table[groups].nunique() < 2 or table[groups].value_counts().max() < 2:
        return _NONE, _NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no spread between the groups lies on the edge of what is allowed
        fitted = MixedLM(table[column].to_numpy(float), np.ones(len(table)), groups=table[groups]).fit(reml=True)
    return float(np.sqrt(fitted.cov_re.squeeze())), float(np.sqrt(fitted.scale))


def _with_interval(**parts: Any) -> Estimate:
    estimate = Estimate(**parts)
    low, high = estimate.interval() if estimate.error else (estimate.value, estimate.value)
    return Estimate(**{**parts, "low": float(low), "high": float(high)})


def _mean_or_difference(values: np.ndarray, others: np.ndarray | None = None, axis: int = -1) -> np.ndarray:
    return values.mean(axis=axis) - (0 if others is None else others.mean(axis=axis))
