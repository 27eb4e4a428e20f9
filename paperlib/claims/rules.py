"""What was measured and a rule -> an answer -> a verdict. One function a rule.

A rule answers True (what the claim says holds), False (it does not) or None (the runs cannot tell). All work at
95 % confidence; how often they answer wrongly is tested by simulation. Means and differences are judged by their
intervals (`paperlib.analysis.statistics`), which count seeds, or autoencoders, as observations.
"""

from collections.abc import Sequence

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from paperlib.analysis.statistics import LEAST_FREEDOM, LEVEL, Estimate

REPRODUCED = "reproduced"
DIRECTION = "direction reproduced"
NOT = "not reproduced"
UNDECIDED = "undecided"
UNTESTABLE = "not testable at this scale"
VERDICTS = (REPRODUCED, DIRECTION, NOT, UNDECIDED, UNTESTABLE)

NOT_MEASURED = "not measured"  # no verdict: no record holds what it needs
ADDS_UP, DOES_NOT = "adds up", "does not add up"  # of the paper's arithmetic, which no run could change


# Of estimates with an interval.


def above(found: Estimate, *, zero: float = 0.0, claimed: float | None = None) -> bool | None:
    """The true value is above `zero`.

    False if the interval lies below `zero`. If it reaches to both sides, also where it excludes the `claimed` value:
    it is then not above by anything like what is claimed.
    """
    if np.isnan(found.low):
        return None
    if found.low > zero:
        return True
    if found.high < zero or (claimed is not None and found.high < claimed):
        return False
    return None


def at_chance(found: Estimate, *, limit: float) -> bool | None:
    """The true value is hardly above guessing: below `limit`. Runs that spread so much that guessing lies in their
    interval too are no evidence of it."""
    if np.isnan(found.high):
        return None
    return True if found.high < limit else False if found.low > limit else None


def equivalent(found: Sequence[Estimate], *, margin: float) -> bool | None:
    """Every one of several differences is within -margin and margin.

    True if two one-sided tests at 5 % say so of each: as all of them must, this needs no correction for their number.
    False if the interval of one of them lies wholly outside, at 95 % for all of them together (Bonferroni), whatever
    else has no interval yet.
    """
    known = [one for one in found if not np.isnan(one.low)]
    if not known:
        return None
    if len(known) == len(found) and all(-margin < min(_inner(one)) and max(_inner(one)) < margin for one in known):
        return True
    wide = [_interval(one, 1 - (1 - LEVEL) / len(found)) for one in known]
    return False if any(low > margin or high < -margin for low, high in wide) else None


def smaller(found: tuple[Estimate, Estimate]) -> bool | None:
    """One arm spreads less than another, if two tests say so: of the ratio of standard deviations (F-test), and of the
    difference of the mean distances from the medians (Brown and Forsythe's test, with Welch's interval). Where single
    runs are far from all others, the F-test alone answers wrongly too often.

    A variance of fewer than four degrees of freedom is no evidence: two runs that happen to agree have nearly none.
    """
    ratio, distances = found
    if np.isnan(ratio.low) or np.isnan(distances.low) or min(ratio.n, ratio.n_other) < LEAST_FREEDOM:
        return None
    if ratio.high < 1 and distances.high < 0:
        return True
    return False if ratio.low > 1 and distances.low > 0 else None


def compatible(found: Estimate, *, to: float, runs: int, within: float) -> bool | None:
    """The paper's number, a mean of `runs` runs, lies where the mean of so many further runs of ours would, 19 times
    of 20. Our runs' spread stands for the paper's, which it does not give.

    None where that range reaches farther than `within` to either side: nearly any number would lie in it.
    """
    if np.isnan(found.low):
        return None
    reach = stats.t.ppf((1 + LEVEL) / 2, found.freedom) * np.sqrt(found.error**2 + found.spread**2 / runs)
    agrees = bool(abs(found.value - to) <= reach)
    return None if agrees and reach > within else agrees


# Of single values.


def equal(found: Sequence[float], *, to: float) -> bool | None:
    """Every value is the paper's, to its printed digits: for arithmetic and sizes, which have no spread."""
    digits = len(str(to).partition(".")[2])
    return all(round(value, digits) == to for value in found) if len(found) else None


def at_least(found: Sequence[float], *, limit: float) -> bool | None:
    """Every value reaches `limit`. False if none does."""
    return _all_or_none([value >= limit for value in found])


def all_below(found: Sequence[float], *, limit: float) -> bool | None:
    """Every value is below `limit`. False if none is."""
    return _all_or_none([value < limit for value in found])


def most(found: Sequence[float], *, trials: int, share: float = 0.5) -> bool | None:
    """More than `share` of what could have succeeded did, by Wilson's interval; False if fewer did.

    found: rates from 0 to 1, each of `trials`. They must agree.
    """
    intervals = [proportion_confint(round(rate * trials), trials, 1 - LEVEL, method="wilson") for rate in found]
    if not intervals:
        return None
    if all(low > share for low, _ in intervals):
        return True
    return False if all(high < share for _, high in intervals) else None


RULES = {
    rule.__name__: rule
    for rule in (above, at_chance, equivalent, smaller, compatible, equal, at_least, all_below, most)
}


def verdict(statement: bool | None, number: bool | None, *, asked: tuple[bool, bool], whole: bool) -> str:
    """The verdict on a claim from two answers.

    Parameters
    ----------
    statement, number : bool or None
        Does what the claim says hold, and does its number? None: the runs cannot tell, or it was not asked.
    asked : tuple of bool
        Whether the statement, and whether the number, could be asked at this scale and on these data.
    whole : bool
        Whether no scale limits what was asked: the runs are as long as the paper's, or need not be.

    Returns
    -------
    str
        One of `VERDICTS`. A number that fails leaves the direction, if the statement holds. A statement that holds at a
        smaller scale is its direction only. The ledger's column `scope` names the scale, whether it holds or fails.
    """
    if not any(asked):
        return UNTESTABLE
    if asked[0] and statement:
        if asked[1]:
            return REPRODUCED if number else DIRECTION
        return REPRODUCED if whole else DIRECTION
    if (asked[0] and statement is False) or (asked[1] and number is False):
        return NOT
    return REPRODUCED if asked == (False, True) and number else UNDECIDED


def _inner(one: Estimate) -> tuple[float, float]:
    """The 90 % interval: inside the margins if and only if both one-sided tests at 5 % say so."""
    return _interval(one, 2 * LEVEL - 1)


def _interval(one: Estimate, level: float) -> tuple[float, float]:
    return one.interval(level) if one.error else (one.value, one.value)


def _all_or_none(answers: list[bool]) -> bool | None:
    if not answers:
        return None
    return True if all(answers) else None if any(answers) else False
